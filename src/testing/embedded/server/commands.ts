import { COMMANDS } from '../../protocol/commands.js';
import { STATUS } from '../../protocol/flags.js';
import type { Value } from '../column.js';
import { asMysqlError, MysqlError } from '../mysql-error.js';
import { DONE, type Result } from '../result.js';
import type { SessionState } from '../session/session-state.js';
import { withParameters } from '../sql/literal.js';
import type { Token } from '../sql/token.js';
import { splitStatements, tokenize } from '../sql/tokenize.js';
import type { ServerAccess, StatementContext } from '../statements/context.js';
import { describe } from '../statements/data-statement.js';
import { execute, isDescribable } from '../statements/execute.js';
import { readExecution } from '../wire/parameters.js';
import { PayloadReader } from '../wire/payload-reader.js';
import { eofPacket, errorPacket, okPacket, prepareOkPacket } from '../wire/replies.js';
import { definitionPackets, parameterDefinition, resultSetPackets } from '../wire/result-set.js';
import type { PreparedStatement, PreparedStatements } from './prepared-statements.js';

/** Where a command is carried out. */
export interface CommandContext {
  readonly access: ServerAccess;
  readonly state: SessionState;
  readonly prepared: PreparedStatements;
  readonly capabilities: number;
  /** Aborted by KILL, with the error to report. */
  readonly signal: AbortSignal;
}

const NO_REPLY: Buffer[] = [];

/** The packets of a reply, in the portions in which they become known. */
export type Reply = AsyncGenerator<Buffer[]>;

/** Carries out the command that a payload holds; an error is part of the reply. */
export async function* reply(payload: Buffer, context: CommandContext): Reply {
  try {
    if (payload[0] === COMMANDS.COM_QUERY) yield* query(payload.subarray(1), context);
    else yield await one(payload, context);
  } catch (error) {
    yield [errorPacket(asMysqlError(error))];
  }
}

/** The flags that every reply carries. */
export function statusOf(state: SessionState): number {
  return (state.autocommit ? STATUS.AUTOCOMMIT : 0) | state.transaction.status;
}

/** Carries out a command, given its payload after the command byte. */
type Handler = (payload: Buffer, context: CommandContext) => Buffer[] | Promise<Buffer[]>;

function one(payload: Buffer, context: CommandContext): Buffer[] | Promise<Buffer[]> {
  const handler = HANDLERS.get(payload[0] ?? -1);
  if (!handler) throw new MysqlError(1047, '08S01', 'Unknown command');
  return handler(payload.subarray(1), context);
}

/** Statements separated by semicolons, each with a reply of its own. */

async function* query(payload: Buffer, context: CommandContext): Reply {
  const sql = payload.toString();
  const statements = splitStatements(tokenize(sql));
  if (statements.length === 0) throw new MysqlError(1065, '42000', 'Query was empty');
  for (const [i, tokens] of statements.entries()) {
    const more = i < statements.length - 1 ? STATUS.MORE_RESULTS : 0;
    yield await run(tokens, sql, context, 'text', more);
  }
}

function prepare(payload: Buffer, { access, state, prepared, signal }: CommandContext): Buffer[] {
  const sql = payload.toString();
  const [tokens = [], ...others] = splitStatements(tokenize(sql));
  if (others.length > 0) throw new MysqlError(1295, 'HY000', 'One statement at a time can be prepared');
  const statement = prepared.add(sql, tokens);
  // What the parameters will be has no influence on the columns.
  const blank = withParameters(tokens, new Array<Value>(statement.parameters).fill(null));
  const context: StatementContext = { server: access, session: state, signal, sql };
  const columns = isDescribable(tokens) ? describe(blank, context) : [];
  const status = statusOf(state);
  return [
    prepareOkPacket(statement.id, columns.length, statement.parameters),
    ...definitionPackets(new Array(statement.parameters).fill(parameterDefinition), status),
    ...definitionPackets(columns, status),
  ];
}

function executePrepared(payload: Buffer, context: CommandContext): Promise<Buffer[]> {
  const statement = find(payload, context);
  const { values, types } = readExecution(
    payload.subarray(4),
    statement.parameters,
    statement.types,
    statement.longData,
  );
  statement.types = types;
  statement.longData.clear();
  return run(withParameters(statement.tokens, values), statement.sql, context, 'binary', 0);
}

function longData(payload: Buffer, context: CommandContext): Buffer[] {
  const reader = new PayloadReader(payload);
  const statement = context.prepared.get(reader.uint(4));
  const parameter = reader.uint(2);
  const before = statement.longData.get(parameter) ?? Buffer.alloc(0);
  statement.longData.set(parameter, Buffer.concat([before, reader.bytes(reader.left)]));
  return NO_REPLY;
}

function closeStatement(payload: Buffer, { prepared }: CommandContext): Buffer[] {
  prepared.remove(payload.readUInt32LE());
  return NO_REPLY;
}

function resetStatement(payload: Buffer, context: CommandContext): Buffer[] {
  find(payload, context).longData.clear();
  return [ok(context)];
}

function useDatabase(payload: Buffer, context: CommandContext): Buffer[] {
  const name = payload.toString();
  context.access.engine.catalog.requireDatabase(name);
  context.state.useDatabase(name);
  return [ok(context)];
}

function ping(_payload: Buffer, context: CommandContext): Buffer[] {
  return [ok(context)];
}

function resetConnection(_payload: Buffer, context: CommandContext): Buffer[] {
  context.state.reset();
  context.prepared.clear();
  return [ok(context)];
}

function kill(payload: Buffer, context: CommandContext): Buffer[] {
  context.access.kill(payload.readUInt32LE(), 'connection');
  return [ok(context)];
}

function statistics(_payload: Buffer, { access }: CommandContext): Buffer[] {
  return [
    Buffer.from(
      Object.entries(access.status())
        .map(([name, value]) => `${name}: ${value}`)
        .join('  '),
    ),
  ];
}

function setOption(_payload: Buffer, { state }: CommandContext): Buffer[] {
  return [eofPacket(statusOf(state))];
}

const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [COMMANDS.COM_INIT_DB, useDatabase],
  [COMMANDS.COM_STATISTICS, statistics],
  [COMMANDS.COM_PROCESS_KILL, kill],
  [COMMANDS.COM_PING, ping],
  [COMMANDS.COM_STMT_PREPARE, prepare],
  [COMMANDS.COM_STMT_EXECUTE, executePrepared],
  [COMMANDS.COM_STMT_SEND_LONG_DATA, longData],
  [COMMANDS.COM_STMT_CLOSE, closeStatement],
  [COMMANDS.COM_STMT_RESET, resetStatement],
  [COMMANDS.COM_SET_OPTION, setOption],
  [COMMANDS.COM_RESET_CONNECTION, resetConnection],
]);

async function run(
  tokens: readonly Token[],
  sql: string,
  { access, state, capabilities, signal }: CommandContext,
  protocol: 'text' | 'binary',
  more: number,
): Promise<Buffer[]> {
  const result: Result = await execute(tokens, { server: access, session: state, signal, sql });
  const status = statusOf(state) | more;
  if (result.kind === 'ok') return [okPacket(result, status, capabilities, state.takeChanges())];
  return resultSetPackets(result, status, protocol);
}

function find(payload: Buffer, { prepared }: CommandContext): PreparedStatement {
  return prepared.get(payload.readUInt32LE());
}

function ok({ state, capabilities }: CommandContext): Buffer {
  return okPacket(DONE, statusOf(state), capabilities, state.takeChanges());
}
