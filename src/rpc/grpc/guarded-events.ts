/** How what a call object emits reaches its listeners. */
export interface Guard {
  /** Emits, in the scope in which listeners run. */
  readonly enter: (emit: () => boolean, event: string | symbol, value: unknown) => boolean;
  /** Is told what a listener throws. */
  readonly fail: (error: unknown) => void;
  /** The guard that was there before: it comes after this one. */
  readonly next: Guard | undefined;
}

/** What all call objects are. */
interface Emitter {
  sendMetadata(metadata: unknown): void;
  emit(event: string | symbol, ...args: unknown[]): boolean;
  listenerCount(event: string | symbol): number;
}

const GUARD: unique symbol = Symbol('guard');

type Guarded = Emitter & { [GUARD]?: Guard | undefined };

/**
 * Runs the listeners of a call object, and sends its metadata, in a scope, and tells what one of them throws: in grpc-js it would end
 * the process, and a listener runs in whatever scope the event comes from.
 *
 * @param enter emits in the scope.
 */
export function guardEvents(emitter: Emitter, enter: Guard['enter'], fail: Guard['fail']): void {
  const next = guardsOf(emitter);
  restoreGuards(emitter, { enter, fail, next });
  // A prototype for all of a class: a method of its own would make each call object dear to the collector.
  if (next === undefined) Object.setPrototypeOf(emitter, guardedPrototype(Object.getPrototypeOf(emitter)));
}

/** The guards of a call object, to be restored later. */
export function guardsOf(emitter: Emitter): Guard | undefined {
  return (emitter as Guarded)[GUARD];
}

/** Makes these the guards of a call object. */
export function restoreGuards(emitter: Emitter, guard: Guard | undefined): void {
  (emitter as Guarded)[GUARD] = guard;
}

const prototypes = new WeakMap<Emitter, Emitter>();

function guardedPrototype(prototype: Emitter): Emitter {
  const known = prototypes.get(prototype);
  if (known !== undefined) return known;
  const guarded = Object.create(prototype) as Emitter;
  Object.defineProperty(guarded, 'emit', {
    value(this: Guarded, event: string | symbol, ...args: unknown[]): boolean {
      // Most calls end with events that nobody hears; a scope is a cost.
      if (event === 'cancelled' && this.listenerCount(event) === 0) return false;
      return throughGuards(this[GUARD], () => prototype.emit.call(this, event, ...args), event, args[0]);
    },
    configurable: true,
    writable: true,
  });
  Object.defineProperty(guarded, 'sendMetadata', {
    value(this: Guarded, metadata: unknown): void {
      inGuards(this[GUARD], () => prototype.sendMetadata.call(this, metadata));
    },
    configurable: true,
    writable: true,
  });
  prototypes.set(prototype, guarded);
  return guarded;
}

/** What the object sends in whatever scope is sent by the run of the handler that it belongs to. */
function inGuards(guard: Guard | undefined, send: () => void): void {
  if (guard === undefined) return send();
  const inside = (): boolean => {
    inGuards(guard.next, send);
    return true;
  };
  guard.enter(inside, 'metadata', undefined);
}

function throughGuards(
  guard: Guard | undefined,
  emit: () => boolean,
  event: string | symbol,
  value: unknown,
): boolean {
  if (guard === undefined) return emit();
  try {
    return guard.enter(() => throughGuards(guard.next, emit, event, value), event, value);
  } catch (error) {
    guard.fail(error);
    return true;
  }
}
