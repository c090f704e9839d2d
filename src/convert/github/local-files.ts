import type { Foreign } from '../foreign.ts';
import type { ForeignFile } from '../open-file.ts';

/** What a step or a job names by a path of the same repository. */
export interface LocalFile {
  readonly file: ForeignFile;
  readonly root: Foreign;
  /** From the top of the repository, without `./`. */
  readonly path: string;
}

/** Files of actions, by the name that every one of them has. */
export const ACTION_FILE = /(?:^|\/)action\.ya?ml$/;

/** Whether `uses` names something of the same repository. */
export function isLocal(uses: string): boolean {
  return /^\.\.?(?:\/|$)/.test(uses);
}

/** The path that `uses` names, from the top of the repository; null for one outside of it, or with an expression. */
export function localPath(uses: string): string | null {
  const parts = uses.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') || /[\\\0]|\$\{\{/.test(uses) ? null : parts.join('/');
}

/** The files of one run that may be what a `uses` names: of an action the two names that it may have. */
export function localCandidates(uses: string): readonly string[] {
  const path = localPath(uses);
  if (path === null) return [];
  if (/\.ya?ml$/.test(path)) return [path];
  return ['action.yml', 'action.yaml'].map((name) => (path === '' ? name : `${path}/${name}`));
}

/** What stands before the path from the top of the repository in the name of a workflow's file. */
export function topOf(name: string): string {
  return /^(.*?)\.github\/workflows\/[^/]+$/s.exec(name)?.[1] ?? '';
}

/** The file that a `uses` names, of those that were given with the one that names it; null where it is not there. */
export function findLocal(uses: string, from: string, files: readonly ForeignFile[]): LocalFile | null {
  for (const path of localCandidates(uses)) {
    const file = files.find(({ name }) => name === `${from}${path}`);
    const root = file?.documents[0]?.root;
    if (file !== undefined && root !== undefined) return { file, root, path };
  }
  return null;
}

/** Texts that may be a local `uses`, however the file writes it; each is looked for, and no more than that. */
export function usesIn(text: string): readonly string[] {
  return [...text.matchAll(/\buses["']?\s*:\s*["']?(\.\/[^\s"'#,}]*)/g)].map(([, uses = '']) => uses);
}
