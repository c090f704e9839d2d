import { compileGlob } from '../../core/glob.ts';
import { artifactNameOf } from '../artifact-words.ts';
import type { Foreign } from '../foreign.ts';
import { entry, map, text } from '../out.ts';
import type { Out } from '../out.ts';

/** What a job before keeps by `actions/upload-artifact`. */
export interface Upload {
  /** The workflow that the job became. */
  readonly job: string;
  readonly name: string;
  /** The folder that GitHub's archive begins at; ours begins at the workspace. */
  readonly root: string;
  /** What was taken for a file, of which that depends, though it may be a folder. */
  readonly mayBeFolder: string | null;
  /** Each combination of the job's matrix keeps one. */
  readonly isOfMatrix: boolean;
}

/** What is known of one before its job is read. */
export type KeptUpload = Omit<Upload, 'job' | 'isOfMatrix'>;

/** What another run, or no name, says. */
const OF_OTHERS: readonly string[] = ['run-id', 'repository', 'github-token', 'artifact-ids'];

/**
 * What `actions/download-artifact` takes, an entry of `artifacts` of the workflow for each; none where that cannot be said
 * here, which is noted.
 * @param uploads Of the jobs that its job needs, also through others.
 */
export function downloadedEntries(
  step: Foreign,
  values: Foreign | undefined,
  uploads: readonly Upload[],
): readonly Out[] {
  const inputs = values?.kind === 'map' ? values : undefined;
  const other = OF_OTHERS.flatMap((key) => inputs?.get(key) ?? [])[0];
  if (other !== undefined) {
    step.leaveOut('artifacts are of the same build, by their names', 'Get them in the commands of a step.');
    step.use();
    return [];
  }
  const [name, pattern, path] = ['name', 'pattern', 'path'].map((key) => inputs?.get(key));
  const isMerged = inputs?.get('merge-multiple')?.text() === 'true';
  const found = uploads.filter(chosenBy(name, pattern));
  if (found.length === 0) {
    step.leaveOut(
      'no job that its job `needs` uploads it',
      'Name the workflow that keeps it in `depends_on` and `artifacts`.',
    );
    for (const one of [path, pattern, name]) one?.use();
    return [];
  }
  const written = folderOf(path?.text() ?? '.');
  if (written === null)
    path?.changes('it is outside of the workspace, or has an expression', 'Write `path` of `artifacts`.');
  const into = written ?? '.';
  return found.map((upload) => {
    const folder = name === undefined && !isMerged ? joined(into, upload.name) : into;
    if (upload.isOfMatrix)
      step.changes(
        `all combinations of \`${upload.job}\` are unpacked into one folder, and a file that two of them have is refused`,
        'Write an entry with `matrix` and `path` for each.',
      );
    const own = ownFolder(folder, upload.root);
    if (own === null)
      step.changes(
        `files lie at the paths that they had in their job, below \`${folder}\``,
        'Use them where they are, or keep them where they are wanted.',
      );
    else if (upload.mayBeFolder !== null)
      step.changes(
        `\`${upload.mayBeFolder}\` is taken for a file; of a folder, files lie at the paths that they had in their job, below \`${own}\``,
        'Write a `/` behind it there where it is a folder.',
      );
    const below = own ?? folder;
    return map(
      [
        entry('from', text(upload.job, step)),
        entry('name', text(upload.name, name ?? null), name ?? null),
        below === '.' ? null : entry('path', text(below, path ?? null), path ?? null),
      ],
      step,
    );
  });
}

function chosenBy(name: Foreign | undefined, pattern: Foreign | undefined): (upload: Upload) => boolean {
  if (name !== undefined) {
    const wanted = artifactNameOf(name.text() ?? '');
    return (upload) => upload.name === wanted;
  }
  if (pattern === undefined) return () => true;
  const matches = compileGlob((pattern.text() ?? '').replace(/\$\{\{.*?\}\}/g, '*'));
  return (upload) => matches(upload.name);
}

/** Where ours is unpacked so that a file lies where GitHub has it: it has its path below `root` already. */
function ownFolder(folder: string, root: string): string | null {
  if (root === '.') return folder;
  if (folder === root) return '.';
  return folder.endsWith(`/${root}`) ? folder.slice(0, -root.length - 1) : null;
}

const joined = (folder: string, name: string): string => (folder === '.' ? name : `${folder}/${name}`);

function folderOf(written: string): string | null {
  const path = written.trim().replace(/^\$\{\{\s*github\.workspace\s*\}\}\/?/, '');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return path.startsWith('/') || /[$~]/.test(path) || parts.includes('..') ? null : parts.join('/') || '.';
}

/**
 * The folder that the archive of these patterns begins at: of one that is a file its folder, else what all of them have in
 * common (https://github.com/actions/upload-artifact#upload-using-multiple-paths-and-exclusions).
 */
export function rootOf(patterns: readonly string[]): Pick<Upload, 'root' | 'mayBeFolder'> {
  const starts = patterns.map((pattern) => {
    const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
    const wild = parts.findIndex((part) => /[*?[{]/.test(part));
    const plain = wild < 0 ? parts : parts.slice(0, wild);
    const isFile = wild < 0 && !pattern.endsWith('/') && /.\.[^.]*$/.test(plain.at(-1) ?? '');
    return isFile ? plain.slice(0, -1) : plain;
  });
  const [first = []] = starts;
  const differs = first.findIndex((part, at) => !starts.every((other) => other[at] === part));
  const root = first.slice(0, differs < 0 ? first.length : differs).join('/') || '.';
  const [only = '', ...others] = patterns;
  const isTold = others.length > 0 || /[*?[{]|\/$/.test(only) || USUAL_FILE.test(only);
  return { root, mayBeFolder: !isTold && /.\.[^./]*$/.test(only) ? only : null };
}

/** Endings that folders hardly have. */
const USUAL_FILE =
  /\.(?:[a-z]?gz|zip|tar|bz2|xz|zst|7z|jar|war|whl|deb|rpm|apk|exe|msi|dmg|json|xml|ya?ml|toml|txt|md|html?|css|[cm]?js|ts|csv|log|lcov|info|sarif|pdf|png|svg|sh|py|bin|so|img|iso)$/i;
