import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import thrift from 'thrift';
import { describe, expect, test } from 'vitest';
import { ServiceException } from '../../../../src/errors/index.js';
import { freshProcessor, thriftException } from '../../../../src/rpc/thrift/index.js';
import Quirks from './gen/Quirks.js';
import quirksTypes from './gen/quirks_types.js';
import ownTypes from './gen/service_exception_types.js';
import { collectLogs } from './support/collect-logs.js';
import { deferred } from './support/deferred.js';
import { quirksHandler } from './support/quirks-handler.js';
import { serve, wires } from './support/serve.js';

const logs = collectLogs();
/** Debian's Python, as scripts/test-servers.mjs installs it. */
const PYTHON = '/usr/bin/python3';
const missing = spawnSync(PYTHON, ['-c', 'import thrift']).status !== 0;

const suite = "Apache Thrift's client for Python";
describe.skipIf(missing)(missing ? `${suite} (python3-thrift is not installed)` : suite, () => {
  test.each(wires)('is served over %s, exceptions included', async (name, wire) => {
    const fired = deferred<string>();
    const handler = quirksHandler({
      three: async (a: string, b: string, c: string) => a + b + c,
      items: (count: number, done: (error: unknown, items: unknown[]) => void) =>
        done(
          null,
          Array.from({ length: count }, (_, index) => new quirksTypes.Item({ name: 'i', amount: index })),
        ),
      counts: (items: unknown[], amounts: Record<string, number>, ids: thrift.Int64[], flags: boolean[][]) =>
        items.length + Object.keys(amounts).length + ids.length * 10 + flags.flat().length * 100,
      fire: (a: string) => fired.resolve(a),
      declared: async (what: string) => {
        if (what === 'boom') throw new quirksTypes.Boom({ text: 'bang' });
        throw new ServiceException('UNAVAILABLE', 'later', { retryable: true, retryAfterMs: 7 });
      },
      undeclared: async (_what: string) => {
        throw new ServiceException('NOT_FOUND', 'no such thing', { reason: 'NO_THING' });
      },
    });
    const as = thriftException(ownTypes.ServiceException);
    const { port } = await serve(freshProcessor(Quirks, handler, { as }), wire);
    const [transport = '', protocol = ''] = name.toLowerCase().split(' ');
    const program = 'test/standard/rpc/thrift/programs/python-client.py';
    const { stdout } = await promisify(execFile)(PYTHON, [program, String(port), transport, protocol]);
    expect(JSON.parse(stdout)).toEqual({
      three: 'b😀',
      nothing: null,
      items: [
        ['i', 0],
        ['i', 1],
      ],
      counts: 2 + 2 + 30 + 300,
      inherited: 'inherited',
      boom: ['Boom', 'bang'],
      failure: ['ServiceException', 'UNAVAILABLE', 14, true, 7],
      undeclared: [
        'TApplicationException',
        thrift.Thrift.TApplicationExceptionType.INTERNAL_ERROR,
        'NOT_FOUND NO_THING: no such thing',
      ],
      after: 'none',
    });
    await expect(fired.promise).resolves.toBe('oneway');
    expect(logs.filter(({ level }) => level !== 'debug')).toEqual([]);
  });
});
