import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../../../src/testing');
/** Within the repository, so that the packages are found. */
const OUTPUT = join(import.meta.dirname, '../.tmp');

let entry: Promise<string> | undefined;

/** The module as plain JavaScript, for processes that Vitest does not run; resolves to the path of its entry. */
export function transpiledTesting(): Promise<string> {
  entry ??= transpile();
  return entry;
}

async function transpile(): Promise<string> {
  await mkdir(OUTPUT, { recursive: true });
  const folder = await mkdtemp(join(OUTPUT, 'testing-'));
  for (const name of await readdir(SOURCE, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const target = join(folder, name.replace(/ts$/, 'js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, toJavaScript(await readFile(join(SOURCE, name), 'utf8')));
  }
  return join(folder, 'index.js');
}

function toJavaScript(code: string): string {
  const { ES2022: target } = ts.ScriptTarget;
  const { ESNext: module } = ts.ModuleKind;
  return ts.transpileModule(code, { compilerOptions: { target, module, verbatimModuleSyntax: true } })
    .outputText;
}

afterAll(async () => {
  if (entry) await rm(dirname(await entry), { recursive: true, force: true });
});
