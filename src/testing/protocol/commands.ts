/** The commands of the MySQL protocol that a client in use today sends, by name. */
export const COMMANDS = {
  COM_QUIT: 0x01,
  COM_INIT_DB: 0x02,
  COM_QUERY: 0x03,
  COM_FIELD_LIST: 0x04,
  COM_STATISTICS: 0x09,
  COM_PROCESS_KILL: 0x0c,
  COM_PING: 0x0e,
  COM_CHANGE_USER: 0x11,
  COM_STMT_PREPARE: 0x16,
  COM_STMT_EXECUTE: 0x17,
  COM_STMT_SEND_LONG_DATA: 0x18,
  COM_STMT_CLOSE: 0x19,
  COM_STMT_RESET: 0x1a,
  COM_SET_OPTION: 0x1b,
  COM_STMT_FETCH: 0x1c,
  COM_RESET_CONNECTION: 0x1f,
} as const;

/** The name of a command of the MySQL protocol. */
export type CommandName = keyof typeof COMMANDS;

/** Commands to which the server sends no reply. */
const WITHOUT_REPLY: ReadonlySet<number> = new Set([
  COMMANDS.COM_QUIT,
  COMMANDS.COM_STMT_SEND_LONG_DATA,
  COMMANDS.COM_STMT_CLOSE,
]);

/** Commands whose payload is a statement's text. */
const WITH_SQL: ReadonlySet<number> = new Set([COMMANDS.COM_QUERY, COMMANDS.COM_STMT_PREPARE]);

/** A command as a client sent it. */
export interface Command {
  readonly code: number;
  /** The statement, at most its first 16 KiB; of COM_QUERY and COM_STMT_PREPARE only. */
  readonly sql: string | undefined;
}

/** Reads a command from the payload of the packet that begins it. */
export function readCommand(payload: Buffer): Command {
  const code = payload[0] ?? -1;
  return { code, sql: WITH_SQL.has(code) ? payload.toString('utf8', 1) : undefined };
}

/** Whether the server answers this command. */
export function hasReply(command: Command): boolean {
  return !WITHOUT_REPLY.has(command.code);
}
