import { types } from 'node:util';

/** A method of a handler, in promise style, in callback style or synchronous. */
export type HandlerMethod = (...args: never[]) => unknown;

/**
 * How a method answers, told by the number of its parameters, as npm thrift does:
 * - `promise`: it has the parameters of the IDL, or leaves some out. What it returns is the answer, nothing
 *   included.
 * - `callback`: it has one parameter more. What it returns is no answer (drivers return objects from
 *   functions that take a callback), but a rejection is.
 * - `either`: it takes them as a rest, or is wrapped by something that hides them. It gets a callback, and
 *   whichever comes first is the answer.
 */
type Style = 'promise' | 'callback' | 'either';

type Callback = (error: unknown, result?: unknown) => void;
type Invocable = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Calls a method of a handler, and makes one result, or one promise, of the ways in which it may answer.
 * Whatever it does after its first answer has no effect.
 *
 * @param awaited whether a client waits for an answer. A oneway method that takes no callback is done when it
 * returns.
 */
export function invokeHandler(
  handler: object,
  name: string,
  args: readonly unknown[],
  awaited: boolean,
): unknown {
  const method = (handler as Record<string, Invocable>)[name] as Invocable;
  const style = styleOf(method, args.length, awaited);
  if (style === 'promise') return method.apply(handler, [...args]);
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) => {
      if (error === undefined || error === null) resolve(result);
      else reject(error);
    };
    const returned = method.apply(handler, [...args, callback]);
    // Only real promises: the query objects of some drivers have a `then` that throws.
    if (types.isPromise(returned)) {
      returned.then((result) => {
        if (style === 'either' || result !== undefined) resolve(result);
      }, reject);
    } else if (style === 'either' && returned !== undefined) {
      resolve(returned);
    }
  });
}

function styleOf(method: Invocable, declared: number, awaited: boolean): Style {
  if (method.length === declared + 1) return 'callback';
  if (method.length === declared || !awaited || types.isAsyncFunction(method)) return 'promise';
  let hides = hiding.get(method);
  if (hides === undefined) {
    hides = hidesParameters(method);
    hiding.set(method, hides);
  }
  return hides ? 'either' : 'promise';
}

const hiding = new WeakMap<Invocable, boolean>();

/** Whether a function may take more parameters than its length says. Only its source tells. */
function hidesParameters(method: Invocable): boolean {
  const source = Function.prototype.toString.call(method);
  if (/\[native code\]|\barguments\b/.test(source)) return true;
  const open = source.indexOf('(');
  const arrow = source.indexOf('=>');
  if (open < 0 || (arrow >= 0 && arrow < open)) return false;
  let depth = 0;
  let at = open;
  do {
    if (source[at] === '(') depth += 1;
    else if (source[at] === ')') depth -= 1;
    at += 1;
  } while (depth > 0 && at < source.length);
  // A default hides itself and whatever comes after it.
  return /=|\.\.\./.test(source.slice(open, at));
}
