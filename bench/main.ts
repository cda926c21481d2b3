// npm run bench: everything that is measured, bare and fresh in alternating rounds of one run.
import { startDatabase } from 'fresh-connections/testing';
import { grpcInterceptor } from './grpc-interceptor.js';
import { grpcOverhead } from './grpc-overhead.js';
import { ownCost } from './own-cost.js';
import { statementThroughput } from './statement-throughput.js';
import { thriftOverhead } from './thrift-overhead.js';

const BENCHES = [ownCost, statementThroughput, grpcOverhead, grpcInterceptor, thriftOverhead];
// Names may be given: npm run bench -- grpc
const wanted = process.argv.slice(2);

for (const { name, target, run } of BENCHES) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  await using database = await startDatabase({ prefer: 'private' });
  console.log(`${name} (${target}), on ${database.description}`);
  await run(database, (line) => console.log(`  ${line}`));
}
