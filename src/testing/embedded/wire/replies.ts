import { CAPABILITIES, MARKERS, STATUS } from '../../protocol/flags.js';
import type { MysqlError } from '../mysql-error.js';
import type { OkResult } from '../result.js';
import { PayloadWriter } from './payload-writer.js';

const TRACK_SYSTEM_VARIABLE = 0;
const TRACK_SCHEMA = 1;

/** What a statement changed in the session, for clients that track it. */
export type SessionChange =
  | { readonly kind: 'schema'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string; readonly value: string };

/** The reply to a statement without rows. */
export function okPacket(
  result: OkResult,
  status: number,
  capabilities: number,
  changes: readonly SessionChange[] = [],
): Buffer {
  const tracks = (capabilities & CAPABILITIES.SESSION_TRACK) !== 0;
  const changed = tracks && changes.length > 0;
  const writer = new PayloadWriter()
    .uint(MARKERS.OK, 1)
    .length(result.affectedRows)
    .length(result.insertId)
    .uint(status | (changed ? STATUS.SESSION_STATE_CHANGED : 0), 2)
    .uint(0, 2);
  if (!tracks) return writer.text(result.info).payload;
  if (changed || result.info !== '') writer.lengthText(result.info);
  if (changed) writer.lengthBytes(Buffer.concat(changes.map(changePayload)));
  return writer.payload;
}

/** The reply to a statement that failed. */
export function errorPacket(error: MysqlError): Buffer {
  return new PayloadWriter()
    .uint(MARKERS.ERROR, 1)
    .uint(error.errno, 2)
    .text(`#${error.sqlState}`)
    .text(error.message).payload;
}

/** An error before the handshake: the client's protocol is not known, so there is no SQLSTATE. */
export function earlyErrorPacket(error: MysqlError): Buffer {
  return new PayloadWriter().uint(MARKERS.ERROR, 1).uint(error.errno, 2).text(error.message).payload;
}

/** Ends a list of columns or of rows. */
export function eofPacket(status: number): Buffer {
  return new PayloadWriter().uint(MARKERS.EOF, 1).uint(0, 2).uint(status, 2).payload;
}

/** The reply to the preparation of a statement; the definitions follow it. */
export function prepareOkPacket(id: number, columns: number, parameters: number): Buffer {
  return new PayloadWriter()
    .uint(MARKERS.OK, 1)
    .uint(id, 4)
    .uint(columns, 2)
    .uint(parameters, 2)
    .uint(0, 1)
    .uint(0, 2).payload;
}

function changePayload(change: SessionChange): Buffer {
  const fields = new PayloadWriter().lengthText(change.name);
  if (change.kind === 'variable') fields.lengthText(change.value);
  const type = change.kind === 'variable' ? TRACK_SYSTEM_VARIABLE : TRACK_SCHEMA;
  return new PayloadWriter().uint(type, 1).lengthBytes(fields.payload).payload;
}
