import { createHash, timingSafeEqual } from 'node:crypto';
import { CAPABILITIES, MARKERS, STATUS } from '../../protocol/flags.js';
import { PayloadReader } from './payload-reader.js';
import { PayloadWriter } from './payload-writer.js';

/** utf8mb4_general_ci, which every client knows. */
export const UTF8MB4 = 45;
/** The character set of bytes that are no text. */
export const BINARY = 63;

const PLUGIN = 'mysql_native_password';
const PROTOCOL = 10;
const SCRAMBLE_FIRST_PART = 8;

/** Neither COMPRESS nor SSL: plain packets only. */
const SERVER_CAPABILITIES =
  CAPABILITIES.LONG_PASSWORD |
  CAPABILITIES.FOUND_ROWS |
  CAPABILITIES.LONG_FLAG |
  CAPABILITIES.CONNECT_WITH_DB |
  CAPABILITIES.PROTOCOL_41 |
  CAPABILITIES.TRANSACTIONS |
  CAPABILITIES.SECURE_CONNECTION |
  CAPABILITIES.MULTI_STATEMENTS |
  CAPABILITIES.MULTI_RESULTS |
  CAPABILITIES.PS_MULTI_RESULTS |
  CAPABILITIES.PLUGIN_AUTH |
  CAPABILITIES.CONNECT_ATTRS |
  CAPABILITIES.PLUGIN_AUTH_LENENC_CLIENT_DATA |
  CAPABILITIES.SESSION_TRACK;

/** Who a client says it is. */
export interface Introduction {
  /** What both sides can do. */
  readonly capabilities: number;
  readonly user: string;
  readonly token: Buffer;
  readonly database: string;
  readonly plugin: string;
}

/** The server's first packet. `scramble` is 20 random bytes, none of them zero. */
export function greetingPacket(version: string, threadId: number, scramble: Buffer): Buffer {
  return new PayloadWriter()
    .uint(PROTOCOL, 1)
    .zeroText(version)
    .uint(threadId, 4)
    .bytes(scramble.subarray(0, SCRAMBLE_FIRST_PART))
    .uint(0, 1)
    .uint(SERVER_CAPABILITIES & 0xffff, 2)
    .uint(UTF8MB4, 1)
    .uint(STATUS.AUTOCOMMIT, 2)
    .uint(SERVER_CAPABILITIES >>> 16, 2)
    .uint(scramble.length + 1, 1)
    .bytes(Buffer.alloc(10))
    .bytes(scramble.subarray(SCRAMBLE_FIRST_PART))
    .uint(0, 1)
    .zeroText(PLUGIN).payload;
}

/** The client's answer to the greeting. */
export function readIntroduction(payload: Buffer): Introduction {
  const reader = new PayloadReader(payload);
  const capabilities = reader.uint(4) & SERVER_CAPABILITIES;
  reader.skip(4 + 1 + 23);
  const user = reader.zeroText();
  const token = reader.lengthBytes();
  const database = (capabilities & CAPABILITIES.CONNECT_WITH_DB) !== 0 ? reader.zeroText() : '';
  const plugin = (capabilities & CAPABILITIES.PLUGIN_AUTH) !== 0 ? reader.zeroText() : PLUGIN;
  return { capabilities, user, token, database, plugin };
}

/** The client wants to be somebody else: COM_CHANGE_USER, without its command byte. */
export function readUserChange(payload: Buffer, capabilities: number): Introduction {
  const reader = new PayloadReader(payload);
  const user = reader.zeroText();
  const token = reader.bytes(reader.uint(1));
  const database = reader.zeroText();
  reader.skip(Math.min(2, reader.left));
  const plugin = reader.left > 0 ? reader.zeroText() : PLUGIN;
  return { capabilities, user, token, database, plugin };
}

/** Whether the client's token was made for the server's plugin; if not, it is asked for another. */
export function isForOurPlugin(introduction: Introduction): boolean {
  return introduction.plugin === PLUGIN;
}

/** Asks the client for a token of the server's plugin. */
export function authSwitchPacket(scramble: Buffer): Buffer {
  return new PayloadWriter().uint(MARKERS.AUTH_SWITCH, 1).zeroText(PLUGIN).bytes(scramble).uint(0, 1).payload;
}

/** mysql_native_password: SHA1(password) XOR SHA1(scramble + SHA1(SHA1(password))). */
export function isTokenOf(password: string, scramble: Buffer, token: Buffer): boolean {
  if (password === '') return token.length === 0;
  const stage1 = sha1(Buffer.from(password));
  const mask = sha1(Buffer.concat([scramble, sha1(stage1)]));
  const expected = stage1.map((byte, i) => byte ^ (mask[i] ?? 0));
  return token.length === expected.length && timingSafeEqual(token, expected);
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}
