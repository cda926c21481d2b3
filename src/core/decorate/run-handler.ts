import { convert } from '../call/convert.js';
import {
  type Call,
  closeCall,
  inScopeOf,
  openCall,
  type ResolvedCallOptions,
  run,
  runOpened,
} from '../call/index.js';
import { verdictOn } from '../call/verdict.js';
import { errorFields, logger } from '../process/logger.js';
import { isThenable } from '../process/thenable.js';
import { generate } from './generate.js';
import type { AnyMethod } from './method.js';
import { isAsyncIterable, replyEnded, replyStream, styleOf } from './styles.js';

/** One invocation of a handler. */
export interface Invocation {
  readonly method: AnyMethod;
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** The name in logs and traces. */
  readonly name: string;
  readonly options: ResolvedCallOptions;
}

/** Runs a handler as a call, and replies in the style that the handler has. */
export function runHandler(invocation: Invocation): unknown {
  const { method, self, args, name, options } = invocation;
  switch (styleOf(method, args)) {
    case 'promise':
      return run(name, options, () => method.apply(self, [...args]), { args });
    case 'generator':
      return generate(name, options, () => method.apply(self, [...args]) as AsyncIterable<unknown>);
    case 'callback':
      return withCallback(invocation);
    case 'open':
      return options.transaction === undefined
        ? untilItTells(invocation)
        : run(name, options, () => method.apply(self, [...args]), { args });
  }
}

type Callback = (error: unknown, ...results: unknown[]) => void;

/** A callback handler may return a promise as well; whichever settles first is the reply. */
function withCallback({ method, self, args, name, options }: Invocation): void {
  const callback = args.at(-1) as Callback;
  const work = (): Promise<unknown[]> =>
    new Promise((resolve, reject) => {
      const reply: Callback = (error, ...results) => {
        if (isError(error)) reject(error);
        else resolve([error, ...results]);
      };
      const returned = method.apply(self, [...args.slice(0, -1), reply]);
      if (isThenable(returned)) returned.then(undefined, reject);
    });
  run(name, options, work, { args })
    .then(
      (reply) => (callback as (...reply: unknown[]) => void)(...reply),
      (error) => callback(error),
    )
    .catch((error) => logger().error({ method: name, ...errorFields(error, false) }, 'a callback threw'));
}

/** `null` and `undefined` are success; anything else was given as an error. */
function isError(error: unknown): boolean {
  return error !== null && error !== undefined;
}

/** An ordinary function: what it returns tells how it replies. Its first run is over by then. */
function untilItTells({ method, self, args, name, options }: Invocation): unknown {
  const call = openCall(name, options);
  const first = attemptNow(call, options, () => method.apply(self, [...args]));
  if (isThenable(first)) {
    // A call that is aborted already is not waited for: nobody else would hear its rejection.
    if (call.aborted !== undefined) first.then(undefined, () => undefined);
    let ran = false;
    return runOpened(call, options, () => {
      if (ran) return method.apply(self, [...args]);
      ran = true;
      return first;
    });
  }
  const stream = first === undefined ? replyStream(args) : undefined;
  if (stream !== undefined) {
    void replyEnded(stream).then(() => closeCall(call));
    return first;
  }
  closeCall(call);
  return isAsyncIterable(first) ? generate(name, options, () => first) : first;
}

function attemptNow<T>(call: Call, options: ResolvedCallOptions, run: () => T): T {
  try {
    return inScopeOf(call, run);
  } catch (error) {
    const thrown = convert(call, error, verdictOn(call, error), options.as);
    closeCall(call, { error: thrown });
    throw thrown;
  }
}
