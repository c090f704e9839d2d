import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface LinkRepository {
  /** A bare repository in which nothing is packed or pruned meanwhile; packs may come. */
  readonly mirror: string;
  /** Where `.git` goes: an empty or missing directory. */
  readonly directory: string;
  /** Address of the remote `origin`. */
  readonly url: string;
  /** Full ref → id. */
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * Makes the `.git` that `git clone --no-checkout` and `git remote set-url` would make of a mirror: its objects, linked,
 * its tags, a remote, no branch yet. It is written file by file (`gitrepository-layout`): starting a program costs a
 * process of the worker's size more than all of this (docs/decisions/0008-checkout-by-linked-clone.md).
 */
export async function linkRepository({ mirror, directory, url, tags }: LinkRepository): Promise<void> {
  const git = path.join(directory, '.git');
  await mkdir(path.join(git, 'refs/tags'), { recursive: true });
  await mkdir(path.join(git, 'refs/heads'));
  await Promise.all([
    writeFile(path.join(git, 'config'), configOf(url)),
    writeFile(path.join(git, 'packed-refs'), [...tags].map(([ref, id]) => `${id} ${ref}\n`).join('')),
    linkObjects(path.join(mirror, 'objects'), path.join(git, 'objects')),
  ]);
  // Last: with it, it is a repository.
  await writeFile(path.join(git, 'HEAD'), 'ref: refs/heads/main\n');
}

function configOf(url: string): string {
  return [
    '[core]',
    '\trepositoryformatversion = 0',
    '\tfilemode = true',
    '\tbare = false',
    '\tlogallrefupdates = true',
    '[remote "origin"]',
    `\turl = ${quoted(url)}`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '',
  ].join('\n');
}

/** A value of git's configuration, whatever is in it; in quotes where git would put it there. */
function quoted(value: string): string {
  if (/^[^\s"\\#;]+$/.test(value)) return value;
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** What is half written is left out. An index is written after its pack, so a listing that has one has the other. */
async function linkObjects(from: string, to: string): Promise<void> {
  await mkdir(to);
  const entries = await readdir(from, { withFileTypes: true });
  const whole = entries.filter(({ name }) => !name.startsWith('tmp_') && !name.endsWith('.lock'));
  await Promise.all(
    whole.map((entry) => {
      const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
      return entry.isDirectory() ? linkObjects(source, target) : linkOrCopy(source, target);
    }),
  );
}

/** A copy where the mirror is on another file system, or the file has as many names as it may have. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EXDEV' && code !== 'EMLINK' && code !== 'EPERM') throw error;
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  }
}
