import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOOPBACK } from '../free-port.js';

/** A self-signed certificate, in files. */
export interface Certificate {
  readonly keyFile: string;
  readonly certificateFile: string;
  /** The certificate itself, for clients to trust. */
  readonly ca: string;
}

/** Makes a certificate for 127.0.0.1 and localhost with the program `openssl`: Node signs none. */
export async function createCertificate(folder: string): Promise<Certificate> {
  const keyFile = join(folder, 'server-key.pem');
  const certificateFile = join(folder, 'server-cert.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:localhost,IP:${LOOPBACK}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', keyFile];
  try {
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-days',
      '2',
      ...key,
      ...subject,
      '-out',
      certificateFile,
    ]);
  } catch (cause) {
    throw new Error('tls: true makes a certificate with the program openssl (1.1.1 or later): install it', {
      cause,
    });
  }
  return { keyFile, certificateFile, ca: await readFile(certificateFile, 'utf8') };
}
