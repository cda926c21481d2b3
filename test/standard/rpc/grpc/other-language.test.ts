import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ServiceException } from 'fresh-connections';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { selfSigned } from './support/certificate.js';
import { collectLog } from './support/collecting-logger.js';
import { echo, type Note, serve } from './support/echo-server.js';

collectLog();

/** Debian's packages are in Debian's Python, which need not be the first of the PATH. */
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import grpc'], { stdio: 'ignore' }).status === 0,
);
const missing = python === undefined;
const suite = missing
  ? 'a client in Python (needs python3-grpcio: it is not installed)'
  : 'a client in Python';

describe.skipIf(missing)(suite, () => {
  async function ask(text: string): Promise<unknown> {
    const write = async (note: Note): Promise<Note> => {
      if (note.text === 'fine') return note;
      if (note.text === 'bug') throw new Error('secret');
      throw new ServiceException('UNAVAILABLE', 'später ✓', {
        reason: 'LATER',
        retryable: true,
        retryAfterMs: 2_345,
      });
    };
    const tls = await selfSigned();
    const instance = { write, read: write, collect: write, async *spread() {}, async *chat() {} };
    const { port } = await serve([freshConnections()], handlers(echo, instance), echo, { tls });
    const folder = await mkdtemp(join(tmpdir(), 'fresh-connections-'));
    try {
      const certificate = join(folder, 'certificate.pem');
      await writeFile(certificate, tls.certificate);
      const program = fileURLToPath(new URL('./support/client.py', import.meta.url));
      const { stdout } = await promisify(execFile)(`${python}`, [
        program,
        `localhost:${port}`,
        certificate,
        text,
      ]);
      return JSON.parse(stdout);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('decodes status, details and the time to wait', async () => {
    expect(await ask('later')).toEqual({
      code: 'UNAVAILABLE',
      details: 'später ✓',
      pushback: '2345',
      status: { code: 14, message: 'später ✓' },
      info: {
        reason: 'LATER',
        domain: 'fresh-connections',
        metadata: { outcome: 'none', callId: expect.stringMatching(/^[\da-f-]{36}$/) },
      },
      retryAfterMs: 2_345,
    });
  });

  it('sees of a bug that it is one, and that repeating is no use', async () => {
    expect(await ask('bug')).toMatchObject({
      code: 'INTERNAL',
      details: 'internal error',
      pushback: '-1',
      info: { reason: 'INTERNAL', metadata: { outcome: 'unknown' } },
    });
  });

  it('is answered', async () => {
    expect(await ask('fine')).toEqual({ code: 'OK' });
  });
});
