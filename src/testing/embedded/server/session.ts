import type { Socket } from 'node:net';
import { LONGEST_TIMER_MS } from '../../longest-timer.js';
import { COMMANDS } from '../../protocol/commands.js';
import { asMysqlError, errors, MysqlError } from '../mysql-error.js';
import { DONE } from '../result.js';
import { SessionState } from '../session/session-state.js';
import type { Process } from '../statements/context.js';
import { readUserChange } from '../wire/handshake.js';
import { type Packet, PacketChannel } from '../wire/packet-channel.js';
import { errorPacket, okPacket } from '../wire/replies.js';
import { type Authenticated, greet, requireAccess, withOurToken } from './authenticate.js';
import { reply, statusOf } from './commands.js';
import { PreparedStatements } from './prepared-statements.js';
import type { SessionHost } from './session-host.js';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** In a packet that is no reply. */
const NOTHING_SENT = -1;

/** What a session is doing. */
type Activity =
  | { readonly kind: 'idle'; readonly since: number }
  | { readonly kind: 'busy'; readonly since: number; readonly info: string; readonly abort: AbortController };

/** One client: its socket, what it asks and what it is told. */
export class Session {
  readonly threadId: number;
  /** Resolves when its transaction is rolled back and its socket is closed. */
  readonly ended: Promise<void>;
  readonly #host: SessionHost;
  readonly #socket: Socket;
  readonly #channel: PacketChannel;
  readonly #prepared: PreparedStatements = new PreparedStatements();
  #state: SessionState;
  #authenticated: Authenticated | undefined;
  #activity: Activity = { kind: 'idle', since: performance.now() };
  /** No more replies: the socket is closed or about to be. */
  #closed = false;

  constructor(threadId: number, socket: Socket, host: SessionHost) {
    this.threadId = threadId;
    this.#host = host;
    this.#socket = socket;
    this.#channel = new PacketChannel(socket);
    this.#state = this.#newState('unauthenticated user');
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    this.ended = this.#live().then(() => closed);
  }

  /** Its line of the process list. */
  get process(): Process {
    const { identity, database } = this.#state;
    const activity = this.#activity;
    return {
      id: this.threadId,
      user: identity.user,
      host: `${identity.host}:${this.#socket.remotePort ?? 0}`,
      database,
      command: activity.kind === 'busy' ? 'Query' : 'Sleep',
      seconds: Math.floor((performance.now() - activity.since) / 1000),
      info: activity.kind === 'busy' ? activity.info : undefined,
    };
  }

  /** Stops what it is running, if anything. */
  interrupt(): void {
    if (this.#activity.kind === 'busy') this.#activity.abort.abort(errors.interrupted());
  }

  /** Ends it: with FIN, or with RST as when the server is gone. Its transaction is rolled back. */
  end(how: 'fin' | 'reset'): void {
    this.#closed = true;
    this.interrupt();
    this.#state.transaction.rollback();
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroySoon();
  }

  async #live(): Promise<void> {
    try {
      await this.#host.thawed();
      if (await this.#logIn()) await this.#serve();
    } catch {
      // What it sent made no sense.
    } finally {
      if (!this.#closed) this.end('fin');
    }
  }

  async #logIn(): Promise<boolean> {
    const timer = setTimeout(() => this.end('fin'), HANDSHAKE_TIMEOUT_MS).unref();
    try {
      const authenticated = await greet(this.#channel, this.#state.version, this.threadId);
      await this.#host.thawed();
      return authenticated !== undefined && this.#admit(authenticated);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets a user in, or says why not. */
  #admit(authenticated: Authenticated): boolean {
    const { introduction, sequence } = authenticated;
    try {
      requireAccess(authenticated, this.#host, this.#state.identity.host);
    } catch (error) {
      this.#channel.send([errorPacket(asMysqlError(error))], sequence);
      return false;
    }
    this.#state.transaction.rollback();
    this.#prepared.clear();
    this.#authenticated = authenticated;
    this.#state = this.#newState(introduction.user);
    if (introduction.database !== '') this.#state.database = introduction.database;
    this.#channel.send([okPacket(DONE, statusOf(this.#state), introduction.capabilities)], sequence);
    return true;
  }

  async #serve(): Promise<void> {
    for (;;) {
      const packet = await this.#nextCommand();
      await this.#host.thawed();
      if (!packet || this.#closed || packet.payload[0] === COMMANDS.COM_QUIT) return;
      if (packet.payload[0] !== COMMANDS.COM_CHANGE_USER) await this.#answer(packet);
      else if (!(await this.#changeUser(packet))) return;
    }
  }

  /** Waits for a command as long as `wait_timeout` says. */
  async #nextCommand(): Promise<Packet | undefined> {
    const waitMs = Math.min(this.#state.variables.number('wait_timeout') * 1000, LONGEST_TIMER_MS);
    const timer = setTimeout(() => void this.#timeOut(), waitMs).unref();
    try {
      return await this.#channel.read();
    } finally {
      clearTimeout(timer);
    }
  }

  async #timeOut(): Promise<void> {
    await this.#host.thawed();
    if (this.#closed || this.#activity.kind === 'busy') return;
    const message = 'The client was disconnected by the server because of inactivity.';
    this.#channel.send([errorPacket(new MysqlError(4031, 'HY000', message))], NOTHING_SENT);
    this.end('fin');
  }

  async #answer({ payload, sequence }: Packet): Promise<void> {
    const abort = new AbortController();
    const info = payload[0] === COMMANDS.COM_QUERY ? payload.toString('utf8', 1) : '';
    this.#activity = { kind: 'busy', since: performance.now(), info, abort };
    try {
      let last = sequence;
      for await (const packets of reply(payload, this.#commandContext(abort.signal))) {
        await this.#host.thawed();
        if (this.#closed) return;
        last = this.#channel.send(packets, last);
      }
    } finally {
      this.#activity = { kind: 'idle', since: performance.now() };
    }
  }

  #commandContext(signal: AbortSignal): Parameters<typeof reply>[1] {
    return {
      access: this.#host.access,
      state: this.#state,
      prepared: this.#prepared,
      capabilities: this.#authenticated?.introduction.capabilities ?? 0,
      signal,
    };
  }

  async #changeUser({ payload, sequence }: Packet): Promise<boolean> {
    if (!this.#authenticated) return false;
    const { introduction, scramble } = this.#authenticated;
    const changed = readUserChange(payload.subarray(1), introduction.capabilities);
    const authenticated = await withOurToken(this.#channel, { introduction: changed, scramble, sequence });
    return authenticated !== undefined && this.#admit(authenticated);
  }

  #newState(user: string): SessionState {
    const host = this.#socket.remoteAddress ?? '';
    const identity = { threadId: this.threadId, user, host };
    return new SessionState(identity, this.#host.access.engine, this.#host.global);
  }
}
