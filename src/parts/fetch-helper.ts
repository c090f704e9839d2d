import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { replaceDurably, syncPath } from '../files/durable.ts';
import { withFolders } from './container.ts';
import { docker } from './docker.ts';
import type { PartImage } from './part.ts';

/** Copies the static busybox out of an image into `dir`, where it is kept; returns its path, for SLIPWAY_HELPER. */
export async function fetchHelper(dir: string, { dockerHost, name }: PartImage): Promise<string> {
  const file = path.join(dir, 'busybox');
  if (existsSync(file)) return file;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await replaceDurably(file, async (aside) => {
    await docker(dockerHost, [
      ...['run', '--rm', '--network', 'none', ...withFolders([dir])],
      ...['--entrypoint', '/bin/busybox', name, 'cp', '/bin/busybox', aside],
    ]);
    await syncPath(aside);
  });
  return file;
}
