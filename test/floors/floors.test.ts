import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const FLOORS = 'lint/style/noRestrictedImports';
const TYPES = 'plugin';
const CIRCLE = 'lint/suspicious/noImportCycles';

/** Each is planted as a file of its own; the linter has to name the rule. */
const VIOLATIONS: readonly (readonly [file: string, code: string, rule: string])[] = [
  ['src/errors/planted-1.ts', `import '../core/call/call.js';`, FLOORS],
  ['src/errors/planted-2.ts', `import 'node:fs';`, FLOORS],
  ['src/errors/planted-3.ts', `import 'mysql2';`, FLOORS],

  ['src/core/planted-1.ts', `import '../resources/mysql2/index.js';`, FLOORS],
  ['src/core/planted-2.ts', `import 'mysql2/promise';`, FLOORS],
  ['src/core/planted-3.ts', `import '../index.js';`, FLOORS],
  ['src/core/call/planted-1.ts', `import '../../resources/mysql2/index.js';`, FLOORS],
  ['src/core/call/planted-2.ts', `import '../../rpc/grpc/index.js';`, FLOORS],
  ['src/core/call/planted-3.ts', `import '../../testing/index.js';`, FLOORS],
  ['src/core/call/planted-4.ts', `import '../../index.js';`, FLOORS],
  ['src/core/call/planted-5.ts', `import 'thrift';`, FLOORS],
  ['src/core/call/planted-6.ts', `import '@grpc/grpc-js';`, FLOORS],
  ['src/core/call/planted-7.ts', `import type { A } from '../../rpc/grpc/index.js';`, FLOORS],
  ['src/core/call/planted-8.ts', `export * from '../../rpc/grpc/index.js';`, FLOORS],
  ['src/core/call/planted-9.ts', `void import('../../rpc/grpc/index.js');`, FLOORS],
  ['src/core/call/planted-10.ts', `export type A = import('../../rpc/grpc/index.js').A;`, TYPES],

  ['src/resources/mysql2/planted-1.ts', `import '../pg/index.js';`, FLOORS],
  ['src/resources/mysql2/planted-2.ts', `import '../../rpc/thrift/index.js';`, FLOORS],
  ['src/resources/mysql2/planted-3.ts', `import '@grpc/grpc-js';`, FLOORS],
  ['src/resources/mysql2/planted-4.ts', `import '../../index.js';`, FLOORS],
  ['src/resources/mysql2/deeper/planted-1.ts', `import '../../pg/index.js';`, FLOORS],
  ['src/resources/mysql2/deeper/planted-2.ts', `import '../../../rpc/grpc/index.js';`, FLOORS],
  ['src/resources/pg/planted-1.ts', `import '../mysql2/index.js';`, FLOORS],

  ['src/rpc/grpc/planted-1.ts', `import '../thrift/index.js';`, FLOORS],
  ['src/rpc/grpc/planted-2.ts', `import '../../resources/mysql2/index.js';`, FLOORS],
  ['src/rpc/grpc/planted-3.ts', `import 'mysql2';`, FLOORS],
  ['src/rpc/grpc/planted-4.ts', `import 'thrift';`, FLOORS],
  ['src/rpc/grpc/deeper/planted-1.ts', `import '../../thrift/index.js';`, FLOORS],
  ['src/rpc/thrift/planted-1.ts', `import '../grpc/index.js';`, FLOORS],
  ['src/rpc/thrift/planted-2.ts', `import '@grpc/grpc-js';`, FLOORS],
  ['src/rpc/thrift/deeper/planted-1.ts', `import '../../../resources/mysql2/index.js';`, FLOORS],

  ['src/index.ts', `export * from './resources/mysql2/index.js';`, FLOORS],

  ['src/core/call/circle-1.ts', `import { b } from './circle-2.js';\nexport const a = () => b;`, CIRCLE],
  ['src/core/call/circle-2.ts', `import { a } from './circle-1.js';\nexport const b = () => a;`, CIRCLE],
  ['src/core/pool/circle-1.ts', `import type { B } from './circle-2.js';\nexport type A = B[];`, CIRCLE],
  ['src/core/pool/circle-2.ts', `import type { A } from './circle-1.js';\nexport type B = A[];`, CIRCLE],

  ['src/core/planted-4.ts', 'export enum Colour { Red }', 'lint/style/noEnum'],
  ['src/core/planted-5.ts', 'export default 1;', 'lint/style/noDefaultExport'],
  ['src/core/planted-6.ts', 'export const a = (b: any): void => b;', 'lint/suspicious/noExplicitAny'],
  ['src/core/planted-7.ts', 'export const a = (b?: number): number => b!;', 'lint/style/noNonNullAssertion'],
  ['src/core/planted-8.ts', 'export namespace A { export const b = 1; }', 'lint/style/noNamespace'],
  [
    'src/core/planted-9.ts',
    'export class A { constructor(readonly b: number) {} }',
    'lint/style/noParameterProperties',
  ],
  [
    'src/core/planted-10.ts',
    'const a = async (): Promise<void> => {};\na();',
    'lint/nursery/noFloatingPromises',
  ],
];

/** What the floors allow, and the linter has to leave alone. */
const ALLOWED: readonly (readonly [file: string, code: string])[] = [
  ['src/errors/allowed-1.ts', `import './status.js';`],
  ['src/core/allowed-1.ts', `import '../errors/index.js';`],
  ['src/core/call/allowed-1.ts', `import '../../errors/index.js';`],
  ['src/core/call/allowed-2.ts', `import '../pool/allowed.js';`],
  ['src/core/call/allowed-3.ts', `import 'node:timers/promises';`],
  ['src/resources/mysql2/allowed-1.ts', `import '../../core/call/call.js';`],
  ['src/resources/mysql2/allowed-2.ts', `import 'mysql2/promise';`],
  ['src/resources/mysql2/allowed-3.ts', `import './deeper/allowed-1.js';`],
  ['src/resources/mysql2/deeper/allowed-1.ts', `import '../../../errors/index.js';`],
  ['src/resources/mysql2/deeper/allowed-2.ts', `import '../driver.js';`],
  ['src/rpc/grpc/allowed-1.ts', `import '@grpc/grpc-js';`],
  ['src/rpc/grpc/allowed-2.ts', `import '../../core/call/call.js';`],
  ['src/rpc/thrift/allowed-1.ts', `import 'thrift';`],
];

let copy: string;
/** Rule names by file. */
let reported: Map<string, Set<string>>;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'fresh-connections-floors-'));
  await cp(join(root, 'biome.json'), join(copy, 'biome.json'));
  await cp(join(root, 'scripts'), join(copy, 'scripts'), { recursive: true });
  await cp(join(root, 'src'), join(copy, 'src'), { recursive: true });
  await cp(join(root, 'tsconfig.json'), join(copy, 'tsconfig.json'));
  await cp(join(root, 'package.json'), join(copy, 'package.json'));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const [file, code] of [...VIOLATIONS, ...ALLOWED]) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), `${code}\n`);
  }
  reported = await lint(copy);
}, 60_000);

afterAll(async () => {
  await rm(copy, { recursive: true, force: true });
});

describe('the linter refuses', () => {
  it.each(VIOLATIONS)('%s: %s', (file, _code, rule) => {
    expect([...(reported.get(file) ?? [])]).toContain(rule);
  });
});

describe('the linter allows', () => {
  it.each(ALLOWED)('%s: %s', (file) => {
    expect([...(reported.get(file) ?? [])]).not.toContain(FLOORS);
  });
});

async function lint(folder: string): Promise<Map<string, Set<string>>> {
  const biome = join(root, 'node_modules/.bin/biome');
  const args = ['lint', '--reporter=github', '--max-diagnostics=none', '--colors=off', 'src'];
  // It fails, because it finds something.
  const { stdout } = await exec(biome, args, { cwd: folder }).catch((error: { stdout: string }) => error);
  const rules = new Map<string, Set<string>>();
  for (const [, rule, file] of stdout.matchAll(/^::\w+ title=([^,]+),file=([^,]+),/gm)) {
    if (rule === undefined || file === undefined) continue;
    const name = file.slice(file.indexOf('src/'));
    rules.set(name, (rules.get(name) ?? new Set()).add(rule));
  }
  return rules;
}
