import path from 'node:path';
import type { Base, CommitContent, CommitInfo, CommitPlace, IncludedContent } from '../ports/repositories.ts';
import { parseCommit, type GitObject } from './cat-file.ts';
import { isRepository, trackingRef, type Mirror } from './mirror.ts';

/** What is asked of a mirror. */
export interface Question {
  readonly place: CommitPlace;
  readonly paths: readonly string[];
  readonly base: Base | null;
  /** For `Mirrors.readIncluded`. */
  readonly isIncluded: boolean;
}

/** What a mirror has of it, without the Git host. */
export interface Look {
  /** Null when the commit is not there. */
  readonly commit: ({ readonly info: CommitInfo } & IncludedContent) | null;
  /** False when the commit is to be had by a tag that is not there, or elsewhere. */
  readonly tagIsThere: boolean;
  /** The commit to compare with, null when it is not there. */
  readonly base: string | null;
  /** False when the Git host may know better what to compare with. */
  readonly baseIsFresh: boolean;
}

const NOTHING: Look = { commit: null, tagIsThere: false, base: null, baseIsFresh: false };

/** git's name of the empty tree, which every repository has. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Looks at what a mirror has. @throws Problem `git_failed`, also of a damaged mirror. */
export async function lookUp(mirror: Mirror, { place, paths, base, isIncluded }: Question): Promise<Look> {
  if (!(await isRepository(mirror.gitDir))) return NOTHING;
  const { commit, ref } = place;
  const folders = isIncluded ? [...new Set(paths.map(folderOf))] : [];
  const isTag = ref.startsWith('refs/tags/');
  const wanted = [
    `${commit}^{commit}`,
    ...(isTag ? [`${ref}^{commit}`] : []),
    ...namesOf(base).map((name) => `${name}^{commit}`),
    ...paths.map((name) => `${commit}:${name}`),
    ...folders.map((name) => `${commit}:${name}`),
  ];
  const [head = null, ...rest] = await mirror.objects.read(wanted);
  const tagged = isTag ? rest.shift() : head;
  const bases = rest.splice(0, namesOf(base).length);
  const listed = new Map(folders.map((folder, index) => [folder, rest[paths.length + index]?.names ?? []]));
  const isLink = (name: string, index: number): boolean =>
    rest[index]?.type === 'blob' && listed.get(folderOf(name))?.includes(path.posix.basename(name)) === false;
  const files = rest.slice(0, paths.length).map(contentOf);
  const links = new Set(paths.filter(isLink));
  return {
    commit: head === null ? null : { info: parseCommit(head.text ?? ''), files, links },
    tagIsThere: tagged?.id === commit,
    ...chooseBase(base, bases),
  };
}

/** As git writes it after a commit's name: empty for the top. */
function folderOf(name: string): string {
  const folder = path.posix.dirname(name);
  return folder === '.' ? '' : folder;
}

function contentOf(object: GitObject | null): CommitContent['files'][number] {
  if (object?.type === 'tree') return { names: object.names ?? [] };
  return object?.type === 'blob' ? (object.text ?? { bytes: object.bytes }) : null;
}

/** The commits that a base is made of, most wanted first. */
function namesOf(base: Base | null): readonly string[] {
  switch (base?.kind) {
    case undefined:
    case 'nothing':
      return [];
    case 'commit':
      return [base.commit];
    case 'branch':
      return [trackingRef(`refs/heads/${base.branch}`), ...(base.at === null ? [] : [base.at])];
  }
}

function chooseBase(
  base: Base | null,
  [first = null, second = null]: readonly (GitObject | null)[],
): Pick<Look, 'base' | 'baseIsFresh'> {
  if (base === null) return { base: null, baseIsFresh: true };
  if (base.kind === 'nothing') return { base: EMPTY_TREE, baseIsFresh: true };
  if (base.kind === 'commit') return { base: first?.id ?? null, baseIsFresh: first !== null };
  const isFresh = first !== null && (base.at === null || first.id === base.at);
  return { base: first?.id ?? second?.id ?? null, baseIsFresh: isFresh };
}
