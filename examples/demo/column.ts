import { FaultProxy, type TestDatabase } from 'fresh-connections/testing';
import type { Caller } from './clients/caller.js';
import { grpcCaller } from './clients/grpc-caller.js';
import { thriftCaller } from './clients/thrift-caller.js';
import { errand } from './errand.js';
import { ACCOUNTS, CALLERS, DEADLINE_MS, OPENING_BALANCE } from './scale.js';
import { ServerProcess } from './server-process.js';
import { definitionsOf, tablesOf } from './servers/tables.js';
import { Tally } from './tally.js';
import type { Undo } from './undo.js';

/** How a server is written: as today, or with fresh-connections. */
export type Style = 'bare' | 'fresh';
export type Protocol = 'Thrift' | 'gRPC';

/** A column of the table: a server, its way to the database, its clients and what they were told. */
export interface Column {
  readonly protocol: Protocol;
  readonly style: Style;
  /** Prefix of its tables. */
  readonly tables: string;
  /** Between the server and the database. */
  readonly proxy: FaultProxy;
  readonly server: ServerProcess;
  readonly callers: readonly Caller[];
  /** The ids of its accounts. */
  readonly accounts: readonly number[];
  readonly tally: Tally;
  /** Calls that are under way. */
  readonly pending: Set<Promise<void>>;
}

const CALLER: Readonly<Record<Protocol, (port: number) => Caller>> = {
  Thrift: thriftCaller,
  gRPC: grpcCaller,
};

/** Starts a server with tables of its own, and opens its accounts through it. */
export async function openColumn(
  database: TestDatabase,
  { protocol, style, run }: { readonly protocol: Protocol; readonly style: Style; readonly run: string },
  undo: Undo,
): Promise<Column> {
  const name = `${style}-${protocol.toLowerCase()}`;
  const tables = `demo_${run}_${name.replace('-', '_')}`;
  await createTables(database.uri, tables);
  undo.add(() => dropTables(database, tables));

  const { host, port } = database;
  const proxy = await FaultProxy.start({ target: { host, port }, protocol: 'raw' });
  undo.add(() => proxy.close());

  const server = await ServerProcess.start(`./${name}-server.ts`, {
    ...process.env,
    DATABASE_URI: throughProxy(database.uri, proxy),
    TABLES: tables,
    DEADLINE_MS: String(DEADLINE_MS),
  });
  undo.add(() => server.stop());

  const callers = Array.from({ length: CALLERS }, () => CALLER[protocol](server.port));
  undo.add(async () => {
    for (const caller of callers) caller.close();
  });
  const [first] = callers;
  const opening = Array.from({ length: ACCOUNTS }, (_, index) =>
    first?.create(`owner ${index}`, OPENING_BALANCE),
  );
  const accounts = (await Promise.all(opening)).filter((id) => id !== undefined);
  return {
    protocol,
    style,
    tables,
    proxy,
    server,
    callers,
    accounts,
    tally: new Tally(),
    pending: new Set(),
  };
}

async function createTables(uri: string, prefix: string): Promise<void> {
  await errand(uri, async (connection) => {
    for (const definition of definitionsOf(tablesOf(prefix))) await connection.query(definition);
  });
}

/** Those of a private database go with it. */
async function dropTables({ kind, uri }: TestDatabase, prefix: string): Promise<void> {
  if (kind !== 'external') return;
  const { account, ledger } = tablesOf(prefix);
  await errand(uri, (connection) => connection.query(`DROP TABLE IF EXISTS ${account}, ${ledger}`));
}

function throughProxy(uri: string, { host, port }: FaultProxy): string {
  const url = new URL(uri);
  url.hostname = host;
  url.port = String(port);
  return url.href;
}
