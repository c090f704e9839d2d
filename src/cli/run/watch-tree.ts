import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runGit } from '../../git/run-git.ts';

/** Editors write a file in several steps; a change counts when nothing else comes for this long. */
const QUIET_MS = 200;
const GIT_MS = 60_000;

/** What the files of a repository are: changes with each that git does not ignore. */
export async function fingerprint(root: string): Promise<string> {
  const args = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout } = await runGit(args, { timeoutMs: GIT_MS, local: true });
  const hash = createHash('sha256');
  for (const name of stdout.toString('utf8').split('\0')) {
    const facts = name === '' ? null : await lstat(path.join(root, name)).catch(() => null);
    if (facts !== null) hash.update(`${name}\0${facts.size}\0${facts.mtimeMs}\0${facts.mode}\n`);
  }
  return hash.digest('hex');
}

/** Resolves when the files are not as `before` says any more; rejects when `signal` aborts. */
export async function untilChanged(root: string, before: string, signal: AbortSignal): Promise<void> {
  let touched = Promise.withResolvers<void>();
  const watcher = watch(root, { recursive: true, signal }, (_event, name) => {
    if (name === null || !isOfGit(name)) touched.resolve();
  });
  watcher.on('error', () => undefined); // of folders that go while they are looked at
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    while ((await fingerprint(root)) === before) {
      await Promise.race([touched.promise, aborted.promise]);
      touched = Promise.withResolvers<void>();
      await sleep(QUIET_MS, undefined, { signal });
    }
  } finally {
    signal.removeEventListener('abort', abort);
    watcher.close();
  }
}

function isOfGit(name: string): boolean {
  return name === '.git' || name.startsWith(`.git${path.sep}`);
}
