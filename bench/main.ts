// npm run bench: everything that is measured, bare and fresh in alternating rounds of one run.
import { startDatabase } from 'fresh-connections/testing';
import { grpcInterceptor } from './grpc-interceptor.js';
import { grpcOverhead } from './grpc-overhead.js';
import { ownCost } from './own-cost.js';
import { statementThroughput } from './statement-throughput.js';

for (const { name, target, run } of [ownCost, statementThroughput, grpcOverhead, grpcInterceptor]) {
  await using database = await startDatabase({ prefer: 'private' });
  console.log(`${name} (${target}), on ${database.description}`);
  await run(database, (line) => console.log(`  ${line}`));
}
