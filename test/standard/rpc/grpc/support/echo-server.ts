import { fileURLToPath } from 'node:url';
import {
  type CallOptions,
  Client,
  type ClientOptions,
  credentials,
  loadPackageDefinition,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerInterceptor,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  type StatusObject,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';

export interface Note {
  readonly text: string;
}

/** The service definition of echo.proto, with a method of each kind. */
export const echo: ServiceDefinition = load(new URL('./echo.proto', import.meta.url), 'fresh.test.Echo');

/** Loads a service definition. */
export function load(file: URL, name: string): ServiceDefinition {
  const path = name.split('.');
  let found: unknown = loadPackageDefinition(loadSync(fileURLToPath(file), { keepCase: true }));
  for (const part of path) found = (found as Record<string, unknown>)[part];
  return (found as ServiceClientConstructor).service;
}

export interface EchoClient {
  readonly client: Client;
  readonly port: number;
  /** Calls a unary method; rejects with the ServiceError. */
  unary(name: string, text: string, options?: CallOptions, metadata?: Metadata): Promise<UnaryReply>;
}

/** All that a client saw of a unary call. */
export interface UnaryReply {
  readonly text: string | undefined;
  readonly error: ServiceError | undefined;
  /** Initial metadata; `undefined` when the reply was trailers-only. */
  readonly metadata: Metadata | undefined;
  readonly status: StatusObject;
}

/** A server's key and certificate; clients trust the certificate itself. */
export interface Pair {
  readonly key: Buffer;
  readonly certificate: Buffer;
}

/** A server on a free port with these interceptors and handlers, and a client; both end with the test. */
export async function serve(
  interceptors: ServerInterceptor[],
  implementation: UntypedServiceImplementation,
  definition: ServiceDefinition = echo,
  { tls, client: options = {} }: { readonly tls?: Pair; readonly client?: ClientOptions } = {},
): Promise<EchoClient> {
  const server = new Server({ interceptors });
  server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    const safe =
      tls && ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.certificate }]);
    server.bindAsync('127.0.0.1:0', safe ?? ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const trust = tls === undefined ? credentials.createInsecure() : credentials.createSsl(tls.certificate);
  const client = new Client(`127.0.0.1:${port}`, trust, options);
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
  });
  // The deadlines of calls are not for connecting.
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 20_000, (error) => (error === undefined ? resolve() : reject(error)));
  });
  return {
    client,
    port,
    unary: (name, text, options = {}, metadata = new Metadata()) =>
      unary(client, methodOf(definition, name), text, options, metadata),
  };
}

/** The method of that name in echo.proto. */
export function methodOf(definition: ServiceDefinition, name: string): MethodDefinition<Note, Note> {
  const method = definition[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return method as MethodDefinition<Note, Note>;
}

function unary(
  client: Client,
  method: MethodDefinition<Note, Note>,
  text: string,
  options: CallOptions,
  metadata: Metadata,
): Promise<UnaryReply> {
  return new Promise((resolve) => {
    const seen: {
      metadata?: Metadata;
      status?: StatusObject;
      reply?: [ServiceError | null, Note | undefined];
    } = {};
    const done = (): void => {
      if (seen.status === undefined || seen.reply === undefined) return;
      const [error, note] = seen.reply;
      resolve({
        text: note?.text,
        error: error ?? undefined,
        metadata: seen.metadata,
        status: seen.status,
      });
    };
    const { path, requestSerialize, responseDeserialize } = method;
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { text },
      metadata,
      options,
      (error, note) => {
        seen.reply = [error, note];
        done();
      },
    );
    call.on('metadata', (metadata: Metadata) => {
      seen.metadata = metadata;
    });
    call.on('status', (status: StatusObject) => {
      seen.status = status;
      done();
    });
  });
}

/** A deadline that the server is told of and the client does not watch: no cancellation races with it. */
export function deadlineIn(ms: number): Metadata {
  const metadata = new Metadata();
  metadata.set('grpc-timeout', `${ms}m`);
  return metadata;
}

/** Everything that a failed call put on the wire, decoded as text as far as it is one. */
export function wireText({ error, status }: UnaryReply): string {
  const trailers = Object.entries(status.metadata.getMap()).map(
    ([key, value]) => `${key}: ${Buffer.isBuffer(value) ? value.toString('latin1') : value}`,
  );
  return [error?.message, status.details, ...trailers].join('\n');
}
