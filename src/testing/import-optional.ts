import type * as mysql from 'mysql2/promise';

/** mysql2 with promises; an optional dependency, hence imported when it is needed. */
export function importMysql(): Promise<typeof mysql> {
  return importOptional('mysql2', () => import('mysql2/promise'));
}

/** Imports a package, and says how to install it when it is missing. */
export async function importOptional<M>(name: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error(`fresh-connections/testing needs the package ${name}: npm i -D ${name}`, { cause });
  }
}
