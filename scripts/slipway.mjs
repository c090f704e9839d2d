#!/usr/bin/env node
/*
 * The command `slipway`, for whatever Node calls it: the program itself is TypeScript for the Node that Slipway is
 * written for, which the bootstrap finds.
 */
import process from 'node:process';
import { fileURLToPath } from 'node:url';

process.argv.splice(2, 0, fileURLToPath(new URL('../src/cli/main.ts', import.meta.url)));
await import('./bootstrap.mjs');
