import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findCompose } from '../../../src/parts/find-compose.ts';

let folder: string;
let programs: Map<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-compose-'));
  programs = new Map();
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  programs.set(name, file);
  return file;
}
const find = () => findCompose((name) => programs.get(name) ?? null);

it('is docker-compose where that is there', async () => {
  const own = await put('docker-compose', 'exit 0');
  await put('docker', 'exit 0');
  expect(find()).toEqual([own]);
});

it('is `docker compose` where only a client with that plugin is there', async () => {
  const client = await put('docker', '[ "$1 $2" = "compose version" ]');
  expect(find()).toEqual([client, 'compose']);
});

it('is none where the client has no such plugin, and where there is no client', async () => {
  expect(find()).toBeNull();
  await put('docker', 'echo "docker: unknown command: docker compose" >&2; exit 1');
  expect(find()).toBeNull();
});
