import { globSync } from 'node:fs';
import type { Format, InputFile } from '../convert/converted.ts';
import { localCandidates, topOf as topOfGithub, usesIn } from '../convert/github/local-files.ts';
import { includedIn, isMain, topOf as topOfGitlab } from '../convert/gitlab/includes.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { readInTree } from './included-files.ts';

/** How files of a format name others of the repository. */
interface Naming {
  /** What stands before the path from the top of the repository in the name of a file, of all that were given. */
  readonly topOf: (name: string, all: readonly string[]) => string;
  /** Paths from there that a text may name; for a pattern, of files that are there. */
  readonly namedIn: (text: string, top: string) => readonly string[];
}

const NAMING: Partial<Record<Format, Naming>> = {
  github: { topOf: topOfGithub, namedIn: (text) => usesIn(text).flatMap(localCandidates) },
  gitlab: {
    topOf: (name, all) => topOfGitlab(all.find(isMain) ?? name),
    namedIn: (text, top) =>
      includedIn(text).flatMap((name) =>
        name.includes('*') ? globSync(name, { cwd: top === '' ? '.' : top }).sort() : [name],
      ),
  },
};

/**
 * Files of the repository that those of a format name, and those that these name, each once: actions and workflows of GitHub
 * (`./…`), included files of GitLab. They are read below the folder that has `.github` or the main file, through no link, and no
 * more than a pipeline file of ours may include.
 * @returns The files with those behind them.
 */
export async function withLocalFiles(
  files: readonly InputFile[],
  format: Format,
): Promise<readonly InputFile[]> {
  const naming = NAMING[format];
  if (naming === undefined) return files;
  const paths = files.map(({ path }) => path);
  const all = files.map((file) => ({ ...file, top: naming.topOf(file.path, paths) }));
  const asked = new Set(paths);
  for (const { content, top } of all) {
    const text = content instanceof Uint8Array ? Buffer.from(content).toString() : '';
    for (const name of naming.namedIn(text, top)) {
      const path = `${top}${name}`;
      if (asked.has(path) || all.length - files.length >= PIPELINE_LIMITS.includes) continue;
      asked.add(path);
      const found = await readInTree(top === '' ? '.' : top, name);
      if (found.kind === 'file') all.push({ path, content: found.text, isBeside: true, top });
    }
  }
  return all;
}
