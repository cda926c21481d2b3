/** What the compiler generates for a service, as far as its methods are concerned. */
export type GeneratedClientModule = GeneratedClientClass | { readonly Client: GeneratedClientClass };

// biome-ignore lint/suspicious/noExplicitAny: generated constructors name thrift's own types, of any version
type GeneratedClientClass = abstract new (output: any, protocol: any) => object;

/** The class Client of a service, which declares what its methods take and return. */
type ClientOf<S> = S extends { readonly Client: abstract new (...args: never[]) => infer C }
  ? C
  : S extends abstract new (
        ...args: never[]
      ) => infer C
    ? C
    : never;

/**
 * Generated declarations have each method twice: one returns a promise, of a library that thrift no longer has if
 * the compiler was not told otherwise; the other, which comes last, takes a callback.
 */
type Promising<F> = F extends (...args: infer P) => unknown
  ? Required<P> extends [...infer A, (error: never, response: infer R) => void]
    ? (...args: A) => Promise<R>
    : F extends (...args: infer A) => Promise<infer R>
      ? (...args: A) => Promise<R>
      : never
  : never;

/** The methods of a service as a client calls them, those of the services it extends included. */
export type ClientMethods<S> = {
  readonly [K in keyof ClientOf<S> as Promising<ClientOf<S>[K]> extends never ? never : K]: Promising<
    ClientOf<S>[K]
  >;
};
