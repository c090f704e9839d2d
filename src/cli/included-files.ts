import { realpathSync } from 'node:fs';
import path from 'node:path';
import { askGit, askGitFor } from '../../worker/local/persons-repository.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import type { ReadIncluded } from '../pipeline/include/gather-included.ts';
import { LINK, type IncludedFile, type IncludeOrigin } from '../pipeline/include/included-file.ts';
import { WrongValue } from './call-server.ts';
import { readLintInput, UnreadableFile } from './lint-input.ts';

/** Clones of other projects on this machine: folder by the project's path. */
export type Clones = ReadonlyMap<string, string>;

/** What `--include PROJECT=FOLDER` says. @throws WrongValue. */
export function readClones(given: readonly string[]): Clones {
  return new Map(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1 || at === text.length - 1) throw new WrongValue(`--include ${text}: write PROJECT=FOLDER`);
      return [text.slice(0, at), text.slice(at + 1)] as const;
    }),
  );
}

/**
 * Files that are included, of the working tree below `root`, as they are now, and those of other projects at their
 * commits, from clones. Without a clone a file cannot be had: `otherwise` says whether that is a problem or a gap.
 */
export function readIncludedHere(
  root: string,
  clones: Clones,
  otherwise: 'refused' | 'elsewhere',
): ReadIncluded {
  return (refs) =>
    Promise.all(
      refs.map(({ origin, file }): Promise<IncludedFile> => {
        if (origin === null) return readInTree(root, file);
        const clone = clones.get(origin.project);
        if (clone !== undefined) return readInClone(clone, origin, file);
        const cause = 'files of other projects are on the server';
        const fix = `Name a clone of it: \`--include ${origin.project}=FOLDER\`.`;
        return Promise.resolve({ kind: otherwise, cause, fix });
      }),
    );
}

/** A file of the working tree below `root`, through no link. */
export async function readInTree(root: string, file: string): Promise<IncludedFile> {
  const full = path.join(root, file);
  try {
    // The server reads no file through a link either.
    if (realpathSync(full) !== path.join(realpathSync(root), file)) return LINK;
    return { kind: 'file', text: await readLintInput(full), name: path.relative('.', full) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UnreadableFile || code === 'ENOENT' || code === 'ENOTDIR')
      return { kind: 'missing' };
    throw error;
  }
}

async function readInClone(
  folder: string,
  { project, commit }: IncludeOrigin,
  file: string,
): Promise<IncludedFile> {
  if ((await askGitFor(folder, ['cat-file', '-t', commit])) !== 'commit') {
    const fix = `Fetch there: \`git -C ${folder} fetch origin ${commit}\`.`;
    return { kind: 'refused', cause: `the clone of \`${project}\` has no commit ${commit}`, fix };
  }
  if (
    (await askGitFor(folder, ['ls-tree', '--full-tree', commit, '--', `:(literal)${file}`]))?.startsWith(
      '120000',
    ) === true
  )
    return LINK;
  const name = `${commit}:${file}`;
  if ((await askGitFor(folder, ['cat-file', '-t', name])) !== 'blob') return { kind: 'missing' };
  const bytes = Number(await askGitFor(folder, ['cat-file', '-s', name]));
  if (bytes > PIPELINE_LIMITS.bytes) return { kind: 'file', text: { bytes } };
  return { kind: 'file', text: await askGit(folder, ['cat-file', 'blob', name]) };
}
