import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readPartsSettings } from '../config/settings.ts';
import { answers, DEFAULT_ENGINE } from '../src/parts/engine.ts';
import { connectEngine } from '../worker/engine/connect-engine.ts';

/**
 * Removes the images that the demo's registry has been given, from an engine that is not the demo's own. What the
 * service is built on stays there, for the next run.
 */
export async function removeImages(
  environment: Readonly<Record<string, string | undefined>>,
  dir: string,
): Promise<void> {
  const host = readPartsSettings(environment).dockerHost ?? DEFAULT_ENGINE;
  const registry = (await readFile(path.join(dir, 'data/registry/address'), 'utf8').catch(() => '')).trim();
  if (registry === '' || !(await answers(host))) return;
  const engine = connectEngine(host);
  try {
    for (const image of await engine.docker.listImages()) {
      const names = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])];
      for (const name of names.filter((one) => one.startsWith(`${registry}/`)))
        await engine.docker
          .getImage(name)
          .remove()
          .catch(() => undefined);
    }
  } finally {
    engine.close();
  }
}
