import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore } from '../../src/store/open-store.ts';

let made: Promise<Buffer> | null = null;

/**
 * Puts an SQLite file there with all tables and nothing in them, as a server leaves it that ended before any work; one that
 * is there stays. Made by the migrations once in a process: they take most of the time that it takes to open a new one.
 */
export async function putEmptyRecord(file: string): Promise<void> {
  made ??= makeEmptyRecord();
  await writeFile(file, await made, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function makeEmptyRecord(): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-empty-'));
  try {
    const file = path.join(folder, 'record.db');
    await (await openStore(file)).close();
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
