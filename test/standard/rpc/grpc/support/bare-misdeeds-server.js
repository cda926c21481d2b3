// A server of plain grpc-js whose handlers misbehave as the metadata of the call asks for.
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { misdeeds } from './misdeeds.js';

const file = fileURLToPath(new URL('./echo.proto', import.meta.url));
const { service } = loadPackageDefinition(loadSync(file, { keepCase: true })).fresh.test.Echo;

const handler = (call, callback) => {
  const name = decodeURIComponent(String(call.metadata.get('misdeed')[0]));
  return misdeeds[name](call, callback);
};
const server = new Server();
server.addService(service, Object.fromEntries(Object.keys(service).map((name) => [name, handler])));
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) => process.send({ port }));
process.on('disconnect', () => process.exit());
