import { sleep } from '../../../core/process/abort.js';
import { show } from '../../../core/process/check-options.js';
import { now } from '../../../core/process/clock.js';
import { backoffMs, CONFLICT_BACKOFF } from '../../../core/repair/backoff.js';
import type { ClientMethods, GeneratedClientModule } from '../generated-methods.js';
import { Answered } from './link.js';
import { Links } from './links.js';
import { type ClientMethodOptions, type FreshThriftClientOptions, resolveClientOptions } from './options.js';
import { localFailure, remoteFailure } from './remote-failure.js';
import type { GeneratedClientClass, ThriftConnection } from './thrift-connection.js';

/** A client of a service, and its connection. */
export interface FreshThriftClient<S> extends AsyncDisposable {
  /** The methods of the service, each of which returns a promise that settles in any case. */
  readonly client: ClientMethods<S>;
  /** Closes the connection; calls that wait are rejected. */
  close(): void;
}

const OWNER = 'freshThriftClient';

/**
 * A client for a generated service whose calls always settle: with the reply, at the deadline, or when the
 * connection is lost, which those of npm thrift outlive for ever. It connects when it is needed, again and again
 * until the call's deadline, and repeats a call by the one rule of this toolkit: when it surely had no effect
 * (it was never sent, or the server says so), or when it is declared idempotent.
 *
 * ```ts
 * const { client, close } = freshThriftClient(() => thrift.createConnection(host, port, {}), AccountService, {
 *   timeoutMs: 2_000,
 *   methods: { balance: { idempotent: true } },
 * });
 * const balance = await client.balance(id);
 * ```
 *
 * Exceptions of the IDL are thrown as they are. All else is a ServiceException: the status that a server of this
 * toolkit put into its TApplicationException, UNAVAILABLE when there was no connection, DEADLINE_EXCEEDED, or
 * UNKNOWN with the reason `OUTCOME_UNKNOWN` when the connection was lost while the call was running. Any other
 * TApplicationException is thrown as it is.
 *
 * @param connect returns a new connection of `thrift.createConnection`, `createUDSConnection` or
 * `createSSLConnection` at each call.
 * @param service the generated module of the service, or its class Client.
 * @throws TypeError or RangeError for a bad option.
 */
export function freshThriftClient<S extends GeneratedClientModule>(
  connect: () => ThriftConnection,
  service: S,
  options: FreshThriftClientOptions<keyof ClientMethods<NoInfer<S>> & string> = {},
): FreshThriftClient<S> {
  if (typeof connect !== 'function') {
    throw new TypeError(`${OWNER}: expected a function that connects, got ${show(connect)}`);
  }
  const Client = clientClass(service);
  const { byMethod, connectTimeoutMs, multiplexed } = resolveClientOptions(
    OWNER,
    sendableMethods(Client),
    options as FreshThriftClientOptions,
  );
  const links = new Links({ connect, Client, service: multiplexed, connectTimeoutMs });
  const methods: Record<string, (...args: readonly unknown[]) => Promise<unknown>> = {};
  for (const [name, own] of byMethod) methods[name] = (...args) => call(links, name, args, own);
  const close = (): void => links.close();
  return {
    client: methods as unknown as ClientMethods<S>,
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
}

function clientClass(service: unknown): GeneratedClientClass {
  const { Client = service } = (service ?? {}) as { Client?: unknown };
  if (typeof Client !== 'function' || sendableMethods(Client).length === 0) {
    throw new TypeError(
      `${OWNER}: expected a generated Client, or the module that has it, got ${show(service)}`,
    );
  }
  return Client as GeneratedClientClass;
}

const PREFIX = 'send_';

/** The methods of a service, those of the services it extends included. */
function sendableMethods(Client: { readonly prototype: unknown }): readonly string[] {
  const names = new Set<string>();
  for (let level = Client.prototype; isObject(level); level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name.startsWith(PREFIX)) names.add(name.slice(PREFIX.length));
    }
  }
  return [...names];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Sends a call until it has an answer, or may not be repeated. */
async function call(
  links: Links,
  name: string,
  args: readonly unknown[],
  { idempotent, timeoutMs, maxAttempts }: Required<ClientMethodOptions>,
): Promise<unknown> {
  const deadlineAt = now() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const link = await links.take(deadlineAt);
    try {
      return await link.call(name, args, Math.max(1, deadlineAt - now()));
    } catch (failed) {
      const failure = failed instanceof Answered ? remoteFailure(failed.failure) : localFailure(failed);
      if (failure.leaving) link.retire();
      const delayMs = failure.retryAfterMs ?? backoffMs(CONFLICT_BACKOFF, attempt);
      const again = failure.repeatable || (idempotent && failure.lost);
      if (!again || attempt >= maxAttempts || now() + delayMs >= deadlineAt) throw failure.error;
      await sleep(delayMs);
    }
  }
}
