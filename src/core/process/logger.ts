import { globalState } from './global-state.js';

/** Facts of a log line. SQL, parameters and credentials are never among them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Any logger of pino's shape. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Writes warnings and errors to stderr, one line each, so that the cause of a masked error is never lost. */
export const stderrLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => write('WARN', fields, message),
  error: (fields, message) => write('ERROR', fields, message),
};

function write(level: string, fields: LogFields, message: string): void {
  const facts = Object.entries(fields).filter(([, value]) => value !== undefined);
  const line = facts.map(([key, value]) => ` ${key}=${onOneLine(value)}`).join('');
  process.stderr.write(`${new Date().toISOString()} fresh-connections ${level} ${message}${line}\n`);
}

/** A fact that has no JSON, such as a bigint or a circle, must not cost the line. */
function onOneLine(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return typeof value;
  }
}

const holder: { logger: Logger } = globalState('logger', () => ({ logger: stderrLogger }));

/** The logger in use. Default: {@link stderrLogger}. */
export function logger(): Logger {
  return holder.logger;
}

/**
 * Sets the logger of the process.
 *
 * @throws TypeError when a method of pino's shape is missing.
 */
export function setLogger(next: Logger): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof next?.[level] !== 'function')
      throw new TypeError(`setLogger: the logger has no method ${level}()`);
  }
  holder.logger = next;
}

/** What clients of databases and the ORMs above them keep in their errors beside the message. */
const STATEMENT_FIELDS = ['sql', 'sqlMessage', 'sqlState', 'query', 'parameters'];

/**
 * The facts of an error that may be logged. The text of an error that comes from a database stays out, be it
 * classified by a resource or known by what it carries: a database puts statements and values into its messages.
 */
export function errorFields(error: unknown, classified: boolean): LogFields {
  if (!(error instanceof Error)) return { error: classified ? typeof error : textOf(error) };
  const secret = classified || STATEMENT_FIELDS.some((field) => field in error);
  const { code, errno, sqlState } = error as { code?: unknown; errno?: unknown; sqlState?: unknown };
  return {
    error: error.name,
    ...(secret ? {} : { text: error.message }),
    code,
    errno,
    sqlState,
    stack: framesOf(error).slice(0, 12).join('\n'),
  };
}

/** A stack begins with the message, whose lines may look like frames. */
function framesOf({ stack, message }: { readonly stack?: unknown; readonly message: string }): string[] {
  // Whoever sets Error.prepareStackTrace may make anything of it.
  if (typeof stack !== 'string') return [];
  const start = stack.indexOf(message);
  const frames = start < 0 ? stack : stack.slice(start + message.length);
  return frames.split('\n').filter((line) => line.startsWith('    at '));
}

/** What was thrown that is no error; an object without a prototype, for one, has no text. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
