import type { HandlerOf } from '../../../../../src/rpc/thrift/index.js';
import type Quirks from '../gen/Quirks.js';

/** A handler of the service Quirks: these methods, and for the rest some that answer with their name. */
export function quirksHandler(
  methods: Partial<Record<keyof HandlerOf<typeof Quirks>, (...args: never[]) => unknown>>,
): HandlerOf<typeof Quirks> {
  const handler: Record<keyof HandlerOf<typeof Quirks>, (...args: never[]) => unknown> = {
    none: () => 'none',
    three: () => 'three',
    nothing: () => undefined,
    items: () => [],
    counts: () => 0,
    declared: () => 'declared',
    brief: () => 'brief',
    undeclared: () => 'undeclared',
    message: () => 'message',
    reply: () => 'reply',
    inherited: () => 'inherited',
    fire: () => undefined,
    ...methods,
  };
  // Styles are what is tested: types know fewer of them than the processor.
  return handler as unknown as HandlerOf<typeof Quirks>;
}
