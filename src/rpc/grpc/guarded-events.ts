/** What all call objects are. */
interface Emitter {
  emit(event: string | symbol, ...args: unknown[]): boolean;
  listenerCount(event: string | symbol): number;
}

/**
 * Runs the listeners of a call object in a scope, and tells what one of them throws: in grpc-js it would end
 * the process, and a listener runs in whatever scope the event comes from.
 *
 * @param enter emits in the scope.
 */
export function guardEvents(
  emitter: Emitter,
  enter: (emit: () => boolean, event: string | symbol, value: unknown) => boolean,
  fail: (error: unknown) => void,
): void {
  const { emit } = emitter;
  const guarded: Emitter['emit'] = (event, ...args) => {
    // Most calls end with events that nobody hears; a scope is a cost.
    if (event === 'cancelled' && emitter.listenerCount(event) === 0) return false;
    try {
      return enter(() => emit.call(emitter, event, ...args), event, args[0]);
    } catch (error) {
      fail(error);
      return true;
    }
  };
  emitter.emit = guarded;
}
