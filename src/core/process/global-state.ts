/**
 * A value that exists once in the process, however many copies of this package (ESM and CommonJS, or two
 * versions) are loaded.
 */
export function globalState<T>(name: string, create: () => T): T {
  const key = Symbol.for(`fresh-connections.${name}`);
  const holder = globalThis as unknown as Record<symbol, T | undefined>;
  const existing = holder[key];
  if (existing !== undefined) return existing;
  const created = create();
  holder[key] = created;
  return created;
}
