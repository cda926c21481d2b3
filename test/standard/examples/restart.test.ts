import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { type Account, AccountService } from '../../../examples/accounts/account-proto.js';
import { freePort } from '../../../src/testing/free-port.js';
import { describeWithMariadb } from '../../support/mariadb.js';
import { delay } from '../../support/workload.js';

describeWithMariadb('the gRPC server of the examples, restarted under load', (fixture) => {
  /** A process that listens by the time this resolves. */
  async function start(port: number): Promise<ChildProcess> {
    const env = { ...process.env, PORT: String(port), MYSQL_URL: fixture.db.server.uri };
    const server = spawn(process.execPath, ['scripts/example.mjs', 'examples/grpc-server.ts'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: server.stdout })) if (/^listening/.test(line)) break;
    return server;
  }

  test('loses no call: the next process takes over', { timeout: 120_000 }, async () => {
    const port = await freePort();
    let server = await start(port);
    const client = new AccountService(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
    const call = <T>(method: string, request: object): Promise<T> =>
      new Promise((resolve, reject) => {
        // It reconnects, and a call waits for that; every call has a deadline.
        const waiting = new Metadata({ waitForReady: true });
        client[method]?.(
          request,
          waiting,
          { deadline: Date.now() + 20_000 },
          (error: ServiceError | null, response: T) => (error === null ? resolve(response) : reject(error)),
        );
      });
    try {
      const { id } = await call<Account>('createAccount', { owner: 'Dora', initialBalance: 1 });
      let over = false;
      let answered = 0;
      const failed: string[] = [];
      const caller = async (): Promise<void> => {
        while (!over) {
          try {
            await call('getBalance', { id });
            answered += 1;
          } catch (error) {
            failed.push(`${status[(error as ServiceError).code]}: ${(error as ServiceError).details}`);
          }
        }
      };
      const callers = Array.from({ length: 16 }, caller);
      for (let restart = 0; restart < 2; restart += 1) {
        await delay(500);
        const before = answered;
        server.kill('SIGTERM');
        expect(await once(server, 'exit')).toEqual([0, null]);
        server = await start(port);
        await delay(1_000);
        expect(answered).toBeGreaterThan(before);
      }
      over = true;
      await Promise.all(callers);
      expect(failed).toEqual([]);
      expect(answered).toBeGreaterThan(100);
    } finally {
      client.close();
      server.kill('SIGKILL');
    }
  });
});
