import { randomBytes } from 'node:crypto';
import { errors } from '../mysql-error.js';
import {
  authSwitchPacket,
  greetingPacket,
  type Introduction,
  isForOurPlugin,
  isTokenOf,
  readIntroduction,
} from '../wire/handshake.js';
import type { PacketChannel } from '../wire/packet-channel.js';
import type { SessionHost } from './session-host.js';

const SCRAMBLE_BYTES = 20;
/** Before the first packet. */
const NOTHING_SENT = -1;

/** What came of the handshake. */
export interface Authenticated {
  readonly introduction: Introduction;
  readonly scramble: Buffer;
  /** The number of the client's last packet. */
  readonly sequence: number;
}

/** Greets a client and reads who it is; undefined when it goes away instead. Nothing is checked yet. */
export async function greet(
  channel: PacketChannel,
  version: string,
  threadId: number,
): Promise<Authenticated | undefined> {
  // A zero byte would end it early.
  const scramble = randomBytes(SCRAMBLE_BYTES).map((byte) => (byte % 127) + 1);
  const bytes = Buffer.from(scramble);
  channel.send([greetingPacket(version, threadId, bytes)], NOTHING_SENT);
  const answer = await channel.read();
  if (!answer) return undefined;
  const introduction = readIntroduction(answer.payload);
  return withOurToken(channel, { introduction, scramble: bytes, sequence: answer.sequence });
}

/** Asks the client for a token of our plugin, unless it sent one. */
export async function withOurToken(
  channel: PacketChannel,
  authenticated: Authenticated,
): Promise<Authenticated | undefined> {
  if (isForOurPlugin(authenticated.introduction)) return authenticated;
  channel.send([authSwitchPacket(authenticated.scramble)], authenticated.sequence);
  const answer = await channel.read();
  if (!answer) return undefined;
  const introduction = { ...authenticated.introduction, token: answer.payload };
  return { ...authenticated, introduction, sequence: answer.sequence };
}

/** Throws unless the client may come in, and to the database it asks for. */
export function requireAccess(
  { introduction, scramble }: Authenticated,
  host: SessionHost,
  from: string,
): void {
  const { user, token, database } = introduction;
  if (user !== host.user || !isTokenOf(host.password, scramble, token)) {
    throw errors.accessDenied(user, from, token.length > 0);
  }
  if (database !== '') host.access.engine.catalog.requireDatabase(database);
}
