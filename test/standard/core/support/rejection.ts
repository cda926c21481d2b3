import { ServiceException } from '../../../../src/errors/index.js';

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}

/** The ServiceException that a promise rejects with; fails when it is anything else. */
export async function exceptionOf(promise: PromiseLike<unknown>): Promise<ServiceException> {
  const error = await rejection(promise);
  if (error instanceof ServiceException) return error;
  throw new Error(`expected a ServiceException, got ${String(error)}`);
}
