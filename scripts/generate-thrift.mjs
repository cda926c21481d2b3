// npm run generate: writes examples/gen/ anew from idl/*.thrift. With --check (npm run generate:check) it
// only compares, and fails when what is committed is stale. The compiler is Apache Thrift's `thrift`
// (Debian: thrift-compiler); without it the check is skipped, for the generated files are committed.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const committed = join(root, 'examples/gen');
const check = process.argv.includes('--check');

const version = compilerVersion();
if (version === undefined && check) {
  console.log('skipped: no thrift compiler');
} else if (version === undefined) {
  console.error('no thrift compiler on the PATH (Debian: apt-get install thrift-compiler)');
  process.exitCode = 1;
} else if (check) {
  compare();
} else {
  replace();
}

function compilerVersion() {
  const { status, stdout } = spawnSync('thrift', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.match(/\d+\.\d+\.\d+/)?.[0] : undefined;
}

function compare() {
  const madeBy = Object.values(contents(committed))
    .join('\n')
    .match(/Thrift Compiler \((.+)\)/)?.[1];
  if (madeBy !== undefined && madeBy !== version) {
    console.log(`skipped: this is thrift ${version}, the files were made by ${madeBy}`);
    return;
  }
  const fresh = generate();
  const stale = difference(contents(fresh), contents(committed));
  rmSync(fresh, { recursive: true });
  if (stale.length === 0) {
    console.log('examples/gen is what idl/*.thrift gives');
    return;
  }
  console.error(`stale, run npm run generate: ${stale.map((name) => `examples/gen/${name}`).join(', ')}`);
  process.exitCode = 1;
}

function replace() {
  const fresh = generate();
  rmSync(committed, { recursive: true, force: true });
  renameSync(fresh, committed);
  console.log(`wrote ${readdirSync(committed).length} files to examples/gen`);
}

/** Generates into a new folder beside the committed one, so that it can take its place by a rename. */
function generate() {
  const idl = readdirSync(join(root, 'idl')).filter((name) => name.endsWith('.thrift'));
  const out = mkdtempSync(join(root, 'examples/.gen-'));
  chmodSync(out, 0o755);
  for (const name of idl) {
    // es6: the plain js output asks thrift for Q, which 0.24 no longer has.
    const args = ['--gen', 'js:node,ts,es6', '-out', out, join(root, 'idl', name)];
    const { status } = spawnSync('thrift', args, { stdio: 'inherit' });
    if (status === 0) continue;
    rmSync(out, { recursive: true });
    throw new Error(`thrift failed on idl/${name}`);
  }
  // The compiler writes CommonJS, and the package around it is ESM.
  writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }\n');
  return out;
}

function contents(folder) {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

function difference(left, right) {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => left[name] !== right[name]).sort();
}
