import ts from 'typescript';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

type Plugin = NonNullable<ViteUserConfig['plugins']>[number];

/**
 * Transpiles TypeScript with TypeScript: Vite's own transformer runs neither TC39 decorators nor their
 * metadata. Both dialects go through it, so that a shared test file runs in either project.
 */
function typescript(dialect: 'standard' | 'legacy'): Plugin {
  const legacy = dialect === 'legacy';
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    experimentalDecorators: legacy,
    emitDecoratorMetadata: legacy,
    sourceMap: true,
  };
  return {
    name: `typescript-${dialect}`,
    enforce: 'pre',
    transform(code, id) {
      const [fileName = id] = id.split('?');
      if (!fileName.endsWith('.ts')) return null;
      const { outputText, sourceMapText } = ts.transpileModule(code, { fileName, compilerOptions });
      return { code: outputText.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ''), map: sourceMapText ?? null };
    },
  };
}

/** What every project shares. `fresh-connections/…` means the source: tsconfig.json, `paths`. */
function project(name: string, dialect: 'standard' | 'legacy', include: string[]): ViteUserConfig {
  return {
    plugins: [typescript(dialect)],
    oxc: false,
    resolve: { tsconfigPaths: true },
    test: {
      name,
      include,
      setupFiles: ['test/setup.ts'],
      pool: 'forks',
      testTimeout: 30_000,
      hookTimeout: 60_000,
      // Generated Thrift code is CommonJS: Node loads it, not Vite.
      server: { deps: { external: [/\/gen\//] } },
    },
  };
}

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      project('standard', 'standard', ['test/standard/**/*.test.ts', 'test/decorators-shared/**/*.test.ts']),
      project('legacy', 'legacy', ['test/legacy/**/*.test.ts', 'test/decorators-shared/**/*.test.ts']),
      project('house', 'standard', ['test/floors/**/*.test.ts', 'test/consumer/**/*.test.ts']),
    ],
    reporters: ['default', './scripts/closing-line-reporter.mjs'],
  },
});

export default config;
