import type { ResolvedCallOptions } from '../../core/call/options.js';

/** A method of the service. */
export interface Method {
  readonly name: string;
  /** With the service's name, for logs and traces. */
  readonly qualified: string;
  readonly options: ResolvedCallOptions;
  /** The same for the engine, which leaves `as` to the reply. */
  readonly engine: ResolvedCallOptions;
  /** Makes of an exception the one of the same name that the method declares; others it returns as they are. */
  readonly declared: (exception: unknown) => unknown;
}
