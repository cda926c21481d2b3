// A program that ends: pools are left open, nothing is awaited at the end. It must exit by itself.
import process from 'node:process';
import { runCall } from 'fresh-connections';
import mysql from 'fresh-connections/mysql2/promise';

const db = mysql.createPool({
  uri: process.argv[2] ?? '',
  connectionLimit: 4,
  fresh: { keepaliveMs: 100, minIdle: 1 },
});
const call = () => runCall({ timeoutMs: 60_000 }, () => db.query('SELECT SLEEP(0.05)'));
await Promise.all([call(), call(), call(), call()]);
console.log(JSON.stringify(db.stats));
