// Builds dist/ as tsdown.config.ts says. With --if-stale only when it is missing or older than its sources.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds; a warning is a failure. Changes the working directory for the while: tsdown needs it. */
async function build() {
  const before = process.cwd();
  process.chdir(root);
  try {
    // The API, because the command warns of Node 20 at every start.
    const tsdown = await import('tsdown');
    await tsdown.build({ logLevel: 'warn', failOnWarn: true });
  } finally {
    process.chdir(before);
  }
}

export async function buildIfStale() {
  const built = join(root, 'dist/index.js');
  if (existsSync(built) && statSync(built).mtimeMs > newestSource()) return;
  process.stderr.write('dist/ is missing or older than src/: building it\n');
  await build();
}

function newestSource() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join(root, 'src', name));
  const settings = ['tsconfig.json', 'tsdown.config.ts', 'package.json'].map((name) => join(root, name));
  return Math.max(...[...sources, ...settings].map((path) => statSync(path).mtimeMs));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--if-stale') ? buildIfStale() : build());
}
