import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { measureFile } from './files.ts';
import { damaged, MANIFEST, PLACES, readManifest, type Manifest } from './manifest.ts';

/**
 * Reads all of a backup and holds it against its manifest.
 * @throws Problem `backup_missing`, `backup_newer`, `backup_damaged`.
 */
export async function readBackup(source: string, signal?: AbortSignal): Promise<Manifest> {
  const names = await readdir(source).catch((error: unknown) => {
    throw new Problem('backup_missing', { source, cause: (error as Error).message }, { cause: error });
  });
  if (!names.includes(MANIFEST)) throw damaged(source, `it has no ${MANIFEST}, which is written last`);
  const text = await readText(path.join(source, MANIFEST)).catch((error: unknown) => {
    throw damaged(source, `${MANIFEST} cannot be read (${(error as Error).message})`);
  });
  const manifest = readManifest(text, source);
  for (const needed of [PLACES[manifest.database], PLACES.keys])
    if (!manifest.files.some(({ path: name }) => name === needed))
      throw damaged(source, `it has no ${needed}`);
  for (const { path: name, bytes, sha256 } of manifest.files) {
    signal?.throwIfAborted();
    const content = await measureFile(path.join(source, name)).catch((error: unknown) => {
      throw damaged(source, `${name} cannot be read (${(error as Error).message})`);
    });
    if (content === null) throw damaged(source, `${name} is not there`);
    if (content.bytes !== bytes) throw damaged(source, `${name} has ${content.bytes} bytes, not ${bytes}`);
    if (content.sha256 !== sha256) throw damaged(source, `${name} is not what was written`);
  }
  return manifest;
}

/** A pipe, which could be waited for without end, is no file. */
async function readText(file: string): Promise<string> {
  if (!(await stat(file)).isFile()) throw new Error('it is no file');
  return readFile(file, 'utf8');
}
