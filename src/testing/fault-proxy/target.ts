/** Where a proxy's connections go. */
export type Target = { readonly host: string; readonly port: number } | { readonly path: string };
