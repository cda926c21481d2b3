import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// Not imported: an import reads nine megabytes once more, to find the names that CommonJS exports.
/** @type {import('typescript')} */
const ts = createRequire(import.meta.url)('typescript');

/** @type {import('typescript').CompilerOptions} */
const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
  inlineSources: true,
};

/** A TypeScript file imports './x.js' and means './x.ts'. */
export function resolve(specifier, context, nextResolve) {
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, shortCircuit: true };
  }
  return nextResolve(specifier, context);
}

/** Transpiles, without checking types: Node 20 does not strip them, and no Node runs decorators. */
export function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const fileName = fileURLToPath(url);
  // NestJS has the decorators of old.
  const legacy = /[\\/]nestjs[\\/]/.test(fileName);
  const dialect = { experimentalDecorators: legacy, emitDecoratorMetadata: legacy };
  const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), {
    fileName,
    compilerOptions: { ...compilerOptions, ...dialect },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
