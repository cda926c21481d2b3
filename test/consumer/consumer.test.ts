import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = join(root, 'test/consumer/programs');

/** What a project that uses the package has beside it. Linked, so that the test needs no network. */
const PEERS = ['mysql2', 'reflect-metadata', '@types/node', 'typescript'];

/** A compiler on a busy machine takes its time. */
const COMPILE_MS = 120_000;

let home: string;
let bare: string;
let consumer: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fresh-connections-consumer-'));
  await run(root, 'node', 'scripts/build.mjs', '--if-stale');
  await run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', home);
  const tarball = (await readdir(home)).find((name) => name.endsWith('.tgz')) ?? 'no tarball';

  bare = await project('bare', join(home, tarball));
  consumer = await project('consumer', join(home, tarball));
  for (const peer of PEERS) {
    const link = join(consumer, 'node_modules', peer);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', peer), link);
  }
}, COMPILE_MS);

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

describe.each([
  { format: 'ESM', type: 'module' },
  { format: 'CommonJS', type: 'commonjs' },
])('a program in $format', ({ format, type }) => {
  it.each([
    { dialect: 'TC39', experimentalDecorators: false },
    { dialect: 'legacy', experimentalDecorators: true },
  ])(
    'compiles and runs with $dialect decorators',
    async ({ dialect, experimentalDecorators }) => {
      const folder = join(consumer, `${format}-${dialect}`);
      await mkdir(folder);
      await writeJson(join(folder, 'package.json'), { type });
      await writeJson(join(folder, 'tsconfig.json'), {
        compilerOptions: {
          target: 'es2022',
          module: 'nodenext',
          types: ['node'],
          strict: true,
          exactOptionalPropertyTypes: true,
          experimentalDecorators,
          emitDecoratorMetadata: experimentalDecorators,
        },
      });
      await cp(join(programs, 'handler.ts'), join(folder, 'handler.ts'));
      await run(folder, 'node', join(consumer, 'node_modules/typescript/bin/tsc'), '-p', '.');
      expect(await run(folder, 'node', 'handler.js')).toBe('ok');
    },
    COMPILE_MS,
  );
});

it('is required by a plain CommonJS program', async () => {
  expect(await runProgram(consumer, 'require.cjs')).toBe('ok');
});

it('shares its registry and its exceptions between the ESM and the CommonJS copy', async () => {
  expect(await runProgram(consumer, 'both-copies.mjs')).toBe('ok');
});

it('loads its root where no driver is installed', async () => {
  expect(await runProgram(bare, 'root-alone.mjs')).toBe('ok');
});

/** A new project that has installed the tarball, and nothing else. */
async function project(name: string, tarball: string): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder);
  await writeJson(join(folder, 'package.json'), { name, private: true });
  await run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball);
  return folder;
}

async function runProgram(folder: string, name: string): Promise<string> {
  await cp(join(programs, name), join(folder, name));
  return run(folder, 'node', name);
}

function writeJson(path: string, value: unknown): Promise<void> {
  return writeFile(path, JSON.stringify(value, null, 2));
}

/** What the program printed. What it said when it failed becomes the error's message. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const file = command === 'node' ? process.execPath : command;
  try {
    const { stdout } = await exec(file, args, { cwd });
    return stdout.trim();
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}
