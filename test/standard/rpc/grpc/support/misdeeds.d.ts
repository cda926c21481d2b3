/** By name: what a handler does that none should. Streams to the client have no callback. */
export const misdeeds: Readonly<
  Record<
    string,
    // biome-ignore lint/suspicious/noExplicitAny: the call object of any of four kinds
    (call: any, callback?: any) => unknown
  >
>;
