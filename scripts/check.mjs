// npm run check: every check that needs no server. Runs all of them, even when one has failed; prints a line
// for each with its time, and the words of those that failed. `npm run check -- lint types` runs only those.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Name, and a function that resolves to what is wrong: an empty string when nothing is. */
const steps = {
  format: () => command('biome', 'format', '.'),
  lint: () => command('biome', 'check', '--formatter-enabled=false', '--error-on-warnings', '.'),
  types: () => typescript('typescript'),
  'types-7': () => typescript('typescript-7'),
  generated: () => run(process.execPath, ['scripts/generate-thrift.mjs', '--check']),
  build: () => run(process.execPath, ['scripts/build.mjs']),
  publint,
  attw,
  knip: () => command('knip', '--no-progress'),
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in steps));
if (unknown.length > 0) throw new Error(`no such step: ${unknown}. There are: ${Object.keys(steps)}`);

const failed = [];
for (const [name, step] of Object.entries(steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const start = performance.now();
  const complaint = await step().catch((error) => error.stack ?? String(error));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${name.padEnd(10)} ${complaint === '' ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s`);
  if (complaint === '') continue;
  failed.push(name);
  console.log(`\n${complaint.replace(/^/gm, '  ')}\n`);
}
console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs the command of an installed package. */
function command(name, ...args) {
  return run(join(root, 'node_modules/.bin', name), args);
}

/** Resolves to what the program said when it failed, to an empty string when it did not. */
function run(file, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? '' : `${output.trim()}\n(exit code ${code})`));
  });
}

/** Both decorator dialects: the root's tsconfig.json is TC39's, test/legacy has its own. */
async function typescript(name) {
  const complaints = [];
  for (const project of ['.', 'test/legacy']) {
    complaints.push(await run(process.execPath, [`node_modules/${name}/bin/tsc`, '-p', project]));
  }
  return complaints.filter(Boolean).join('\n');
}

/** Packs what would be published and hands the tarball over. */
async function withTarball(use) {
  const directory = mkdtempSync(join(tmpdir(), 'fresh-connections-pack-'));
  try {
    const complaint = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory]);
    if (complaint !== '') return complaint;
    const [tarball] = readdirSync(directory);
    return await use(readFileSync(join(directory, tarball)));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function publint() {
  return withTarball(async (tarball) => {
    const { publint } = await import('publint');
    const { formatMessage } = await import('publint/utils');
    const data = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
    return messages.map((message) => `${message.type}: ${formatMessage(message, pkg)}`).join('\n');
  });
}

/** Do the types say what `import` and `require` give? Not asked of node10: it cannot read `exports`. */
function attw() {
  return withTarball(async (tarball) => {
    const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core');
    const { problems } = await checkPackage(createPackageFromTarballData(tarball));
    const ours = problems.filter((problem) => problem.resolutionKind !== 'node10');
    return ours.map((problem) => JSON.stringify(problem)).join('\n');
  });
}
