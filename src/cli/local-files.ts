import type { InputFile } from '../convert/converted.ts';
import { localCandidates, topOf, usesIn } from '../convert/github/local-files.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { readInTree } from './included-files.ts';

/**
 * Actions and workflows of the repository that workflows of GitHub name by `./…`, and those that these name, each once: read
 * below the folder that has `.github`, through no link, and no more than a pipeline file of ours may include.
 * @returns The files with those behind them.
 */
export async function withLocalFiles(files: readonly InputFile[]): Promise<readonly InputFile[]> {
  const all = files.map((file) => ({ ...file, top: topOf(file.path) }));
  const asked = new Set(files.map(({ path }) => path));
  for (const { content, top } of all) {
    const text = content instanceof Uint8Array ? Buffer.from(content).toString() : '';
    for (const name of usesIn(text).flatMap(localCandidates)) {
      const path = `${top}${name}`;
      if (asked.has(path) || all.length - files.length >= PIPELINE_LIMITS.includes) continue;
      asked.add(path);
      const found = await readInTree(top === '' ? '.' : top, name);
      if (found.kind === 'file') all.push({ path, content: found.text, isBeside: true, top });
    }
  }
  return all;
}
