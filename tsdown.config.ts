import { defineConfig, type UserConfig } from 'tsdown';
import ts from 'typescript';

const { config: tsconfig } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
const paths: Record<string, [string]> = tsconfig.compilerOptions.paths;

/** `{ 'mysql2/promise': './src/resources/mysql2/promise.ts', … }`: one output file for each public name. */
const entry = Object.fromEntries(
  Object.entries(paths).map(([name, [source]]) => [
    name.replace(/^fresh-connections\/?/, '') || 'index',
    source,
  ]),
);

const config: UserConfig = defineConfig({
  entry,
  format: ['esm', 'cjs'],
  // .js and .d.ts for ESM, .cjs and .d.cts for CommonJS.
  fixedExtension: false,
  dts: true,
  // A file of dist/ for each of src/: shared chunks put a driver's import beside what the root needs, and
  // gave the CommonJS copy a circle of requires.
  unbundle: true,
  target: 'es2022',
  // Drop-in modules have named exports and a default one: CommonJS gets both on `module.exports`.
  outputOptions: { exports: 'named' },
});

export default config;
