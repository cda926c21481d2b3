import { Metadata, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { withFreshConnections } from 'fresh-connections';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import { freshProcessor } from 'fresh-connections/thrift';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeWithMariadb, type TestPool } from '../../support/mariadb.js';
import { echo, type Note, serve as serveGrpc } from './grpc/support/echo-server.js';
import Quirks from './thrift/gen/Quirks.js';
import { quirksHandler } from './thrift/support/quirks-handler.js';
import { serve as serveThrift } from './thrift/support/serve.js';

describeWithMariadb('a call that its client repeats', (fixture) => {
  beforeEach(() =>
    fixture.db.admin.query(
      'CREATE OR REPLACE TABLE note (text VARCHAR(50)); DROP TABLE IF EXISTS fresh_outcome',
    ),
  );

  const notes = () => fixture.db.number('SELECT COUNT(*) FROM note');
  const write = async (pool: TestPool, text: string): Promise<Note> => {
    await pool.query('INSERT INTO note VALUES (?)', [text]);
    return { text: `${text}, written once; ${await notes()} before` };
  };

  describe('over gRPC, with the metadata idempotency-key', () => {
    const key = (value: string): Metadata => {
      const metadata = new Metadata();
      metadata.set('idempotency-key', value);
      return metadata;
    };
    const exactlyOnce = { methods: { Write: { exactlyOnce: true } } } as const;

    const styles = {
      'the interceptor, callback style': (pool: TestPool) =>
        serveGrpc([freshConnections({ services: [echo], ...exactlyOnce })], {
          Write: (call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
            write(pool, call.request.text).then((note) => callback(null, note), callback);
          },
        }),
      'handlers() alone': (pool: TestPool) =>
        serveGrpc(
          [],
          handlers(
            echo,
            implementation((request) => write(pool, request.text)),
            exactlyOnce,
          ),
        ),
      'a decorated method behind the interceptor': (pool: TestPool) => {
        class Handler {
          @withFreshConnections({ exactlyOnce: true })
          async Write(request: Note): Promise<Note> {
            return write(pool, request.text);
          }
        }
        const handler = new Handler();
        return serveGrpc(
          [freshConnections({ services: [echo] })],
          handlers(
            echo,
            implementation((request) => handler.Write(request)),
          ),
        );
      },
    };

    test.each(Object.entries(styles))('%s: gets the first result', async (_, serve) => {
      const { unary } = await serve(fixture.db.pool());
      const first = await unary('Write', 'a', {}, key('1'));
      expect(first.text).toBe('a, written once; 0 before');
      expect((await unary('Write', 'a', {}, key('1'))).text).toBe(first.text);
      expect((await unary('Write', 'a', {}, key('2'))).text).toBe('a, written once; 1 before');
      expect(await notes()).toBe(2);
      const reused = await unary('Write', 'b', {}, key('1'));
      expect(reused.error).toMatchObject({ code: 3, details: expect.stringContaining('idempotency key') });
      expect(await notes()).toBe(2);
    });

    test('a lost COMMIT is never seen', async () => {
      const { unary } = await styles['the interceptor, callback style'](fixture.db.pool());
      for (const direction of ['to-client', 'to-server'] as const) {
        fixture.db.proxy.cut({
          ...{ direction, at: { command: 'COM_QUERY', sql: /^COMMIT/ }, when: 'before', how: 'reset' },
        } as const);
        expect((await unary('Write', direction)).error).toBeUndefined();
      }
      expect(await notes()).toBe(2);
    });

    test('a method that sends a stream cannot have it', () => {
      expect(() =>
        handlers(
          echo,
          implementation(() => undefined),
          { exactlyOnce: true },
        ),
      ).toThrow(/exactlyOnce is for methods with one response; .*Spread sends a stream/);
    });
  });

  test('over Thrift, with the key that keyOf finds in the arguments, gets the first result', async () => {
    const pool = fixture.db.pool();
    const handler = {
      ...quirksHandler({}),
      three: async (a: string, _b: string, c: string) => (await write(pool, `${a}${c}`)).text,
    };
    const processor = freshProcessor(Quirks, handler as never, {
      methods: { three: { exactlyOnce: { keyOf: ([, key]) => key as string } } },
    });
    const { client } = await serveThrift(processor);
    const quirks = client(Quirks.Client as never) as {
      three(a: string, b: string, c: string): Promise<string>;
    };
    expect(await quirks.three('a', 'key', 'c')).toBe('ac, written once; 0 before');
    expect(await quirks.three('a', 'key', 'c')).toBe('ac, written once; 0 before');
    await expect(quirks.three('a', 'key', 'd')).rejects.toThrow(/INVALID_ARGUMENT KEY_REUSED/);
    expect(await quirks.three('a', 'other', 'c')).toBe('ac, written once; 1 before');
    expect(await notes()).toBe(2);
  });
});

/** A handler of echo.proto of which only Write is of interest. */
function implementation(write: (request: Note) => unknown): object {
  return {
    Write: async (request: Note) => write(request),
    Read: async (request: Note) => request,
    Collect: async () => ({ text: '' }),
    Spread: async function* () {},
    Chat: async function* () {},
  };
}
