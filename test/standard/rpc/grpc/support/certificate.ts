import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '../../../../../src/testing/database/certificate.js';
import type { Pair } from './echo-server.js';

/** A self-signed certificate for 127.0.0.1. */
export async function selfSigned(): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'fresh-connections-'));
  try {
    const { keyFile, certificateFile } = await createCertificate(folder);
    return { key: await readFile(keyFile), certificate: await readFile(certificateFile) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
