import type { Engine } from '../engine/engine.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import { HELPER } from './ensure-helper.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How to start a shell in a container. */
export interface Shell {
  readonly command: readonly string[];
  /** False: the image has none, it is the helper's. */
  readonly own: boolean;
}

/** The image's `sh` where its PATH leads to one, else the helper's. Asks the file system, runs nothing. */
export async function findShell(engine: Engine, containerId: string, image: ImageFacts): Promise<Shell> {
  for (const folder of searchPath(image.environment))
    if (await engine.hasFile(containerId, `${folder}/sh`)) return { command: ['sh'], own: true };
  return { command: [HELPER, 'sh'], own: false };
}

function searchPath(environment: readonly string[]): string[] {
  const own = environment.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length);
  const folders = (own ?? DEFAULT_PATH).split(':').filter((folder) => folder.startsWith('/'));
  return folders.sort((a, b) => Number(b === '/bin') - Number(a === '/bin'));
}
