import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { measureFile } from './files.ts';
import { damaged, MANIFEST, PLACES, readManifest, type Manifest } from './manifest.ts';

/**
 * Reads all of a backup and holds it against its manifest.
 * @throws Problem `backup_newer`, `backup_damaged`.
 */
export async function readBackup(source: string, signal?: AbortSignal): Promise<Manifest> {
  const text = await readFile(path.join(source, MANIFEST), 'utf8').catch((error: unknown) => {
    throw damaged(
      source,
      `${MANIFEST} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
  });
  const manifest = readManifest(text, source);
  for (const needed of [PLACES[manifest.database], PLACES.keys])
    if (!manifest.files.some(({ path: name }) => name === needed))
      throw damaged(source, `it has no ${needed}`);
  for (const { path: name, bytes, sha256 } of manifest.files) {
    signal?.throwIfAborted();
    const content = await measureFile(path.join(source, name)).catch(() => null);
    if (content === null) throw damaged(source, `${name} cannot be read`);
    if (content.bytes !== bytes) throw damaged(source, `${name} has ${content.bytes} bytes, not ${bytes}`);
    if (content.sha256 !== sha256) throw damaged(source, `${name} is not what was written`);
  }
  return manifest;
}
