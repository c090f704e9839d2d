#!/usr/bin/env node
/*
 * The command `slipway`, for whatever Node calls it. Where the development packages are, in a clone, it runs the sources,
 * with the Node that the bootstrap finds; else what `npm run build` has made of them, as in the npm package.
 */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const built = at('../dist/src/cli/main.js');
const isClone = existsSync(at('../node_modules/node/package.json')) || !existsSync(built);

if (isClone) {
  process.argv.splice(2, 0, at('../src/cli/main.ts'));
  await import('./bootstrap.mjs');
} else {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 19)) {
    process.stderr.write(`slipway: this is Node ${process.versions.node}; it needs 22.19 or later.\n`);
    process.exit(1);
  }
  await import(built);
}
