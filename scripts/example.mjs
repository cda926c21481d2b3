// node scripts/example.mjs <file.ts> [arguments]: runs a TypeScript file of examples/ or bench/ on any Node
// from 20.19 on, with no tool beside the TypeScript that is here anyway. `fresh-connections` means the built
// package, as it does for a user; it is built first when that is due.
import module from 'node:module';
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { buildIfStale } from './build.mjs';

const [file] = process.argv.splice(2, 1);
if (file === undefined) throw new Error('usage: node scripts/example.mjs <file.ts> [arguments]');

await buildIfStale();
process.setSourceMapsEnabled(true);
// registerHooks (Node 22.15) is the successor of register (Node 20).
if (module.registerHooks) module.registerHooks(await import('./typescript-hooks.mjs'));
else module.register('./typescript-hooks.mjs', import.meta.url);

process.argv[1] = resolve(file);
await import(pathToFileURL(process.argv[1]).href);
