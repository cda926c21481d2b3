// Threads or processes side by side, each with a pool of its own. The first is ended; the others must go on.
import cluster from 'node:cluster';
import process from 'node:process';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import mysql from 'fresh-connections/mysql2/promise';

const [uri, mode, count] = process.argv.slice(2);

if (isMainThread && cluster.isPrimary) await lead();
else await follow();

async function follow() {
  const db = mysql.createPool({ uri, connectionLimit: 2 });
  for (;;) {
    const [rows] = await db.query('SELECT CONNECTION_ID() AS id, SLEEP(0.01)');
    if (parentPort) parentPort.postMessage(rows[0].id);
    else process.send(rows[0].id);
  }
}

async function lead() {
  const siblings = Array.from({ length: Number(count) }, () => {
    const sibling = { ids: new Set(), calls: 0, ...(mode === 'threads' ? thread() : child()) };
    sibling.on('message', (id) => {
      sibling.ids.add(id);
      sibling.calls += 1;
    });
    return sibling;
  });
  const reached = (who, calls) => until(() => who.every((sibling) => sibling.calls >= calls));
  await reached(siblings, 10);
  const [first, ...others] = siblings;
  await first.end();
  const before = others.map(({ calls }) => calls);
  await until(() => others.every(({ calls }, i) => calls >= before[i] + 10));
  const ids = siblings.flatMap((sibling) => [...sibling.ids]);
  console.log(JSON.stringify({ shared: ids.length - new Set(ids).size, wentOn: others.length }));
  process.exit(0);
}

function thread() {
  const worker = new Worker(new URL(import.meta.url), { argv: [uri, mode, count] });
  return { on: (event, listener) => worker.on(event, listener), end: () => worker.terminate() };
}

function child() {
  const worker = cluster.fork();
  return { on: (event, listener) => worker.on(event, listener), end: () => worker.process.kill('SIGKILL') };
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
