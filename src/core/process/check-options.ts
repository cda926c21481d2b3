/** The bounds of a numeric option, both inclusive. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Whether a fraction is allowed. Default `false`. */
  readonly fraction?: boolean;
}

/**
 * Refuses option names that nobody reads: a misspelt option that is silently ignored is a fault in waiting.
 *
 * @throws TypeError that names the option and its owner.
 */
export function refuseUnknownOptions(owner: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${owner}: unknown option ${JSON.stringify(name)}; known: ${known.join(', ')}`);
    }
  }
}

/**
 * A number option, or its default when it is undefined.
 *
 * @throws TypeError when it is no number, RangeError when it is outside its bounds; both name option and value.
 */
export function numberOption(
  owner: string,
  name: string,
  value: unknown,
  fallback: number,
  bounds: Bounds,
): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number')
    throw new TypeError(`${owner}: ${name} must be a number, got ${show(value)}`);
  const whole = bounds.fraction === true || Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (!whole || !(value >= bounds.min && value <= bounds.max)) {
    const kind = bounds.fraction === true ? 'a number' : 'a whole number';
    throw new RangeError(
      `${owner}: ${name} must be ${kind} from ${bounds.min} to ${bounds.max}, got ${show(value)}`,
    );
  }
  return value;
}

/** @throws TypeError that names option and value when the value is neither undefined nor of the type asked for. */
export function typedOption<K extends 'boolean' | 'string' | 'function' | 'object'>(
  owner: string,
  name: string,
  value: unknown,
  type: K,
): void {
  const right = value === undefined || (typeof value === type && value !== null);
  if (!right) throw new TypeError(`${owner}: ${name} must be a ${type}, got ${show(value)}`);
}

/** A value as an error message shows it: short, and never the content of an object. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
