import { createHash } from 'node:crypto';
import { watch, type FSWatcher } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listFiles, pathOf, type FilesOf } from '../../../worker/local/list-files.ts';

/** Editors write a file in several steps; a change counts when nothing else comes for this long. */
const QUIET_MS = 200;
/** How often files are looked at where the system does not tell of changes. */
const POLL_MS = 2_000;

/** What the files of a tree are: changes with each that is taken of it. @throws Problem `git_failed`. */
export async function fingerprint(tree: FilesOf): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await listFiles(tree)) {
    const facts = await lstat(pathOf(tree.root, name)).catch(() => null);
    if (facts !== null) hash.update(`${name}\0${facts.size}\0${facts.mtimeMs}\0${facts.mode}\n`);
  }
  return hash.digest('hex');
}

/**
 * Resolves when the files are not as `before` says any more.
 * @param onPolling Told once why the files are looked at every two seconds instead.
 * @throws The signal's reason, or Problem `git_failed`.
 */
export async function untilChanged(
  tree: FilesOf,
  before: string,
  signal: AbortSignal,
  onPolling: (why: string) => void,
  startWatching: typeof watchTree = watchTree,
): Promise<void> {
  let touched = Promise.withResolvers<void>();
  let isPolling = false;
  const fail = (error: unknown): void => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (isPolling) return;
    isPolling = true;
    // A folder that went while it was looked at is no reason to be told.
    if (code !== 'ENOENT') onPolling(message);
    touched.resolve();
  };
  const watcher = startWatching(tree.root, () => touched.resolve(), fail);
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined); // nobody may wait for it yet
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    while ((await fingerprint(tree)) === before) {
      const due = isPolling ? [sleep(POLL_MS, undefined, { signal })] : [];
      await Promise.race([touched.promise, aborted.promise, ...due]);
      touched = Promise.withResolvers<void>();
      await sleep(QUIET_MS, undefined, { signal });
    }
  } finally {
    signal.removeEventListener('abort', abort);
    watcher?.close();
  }
}

/** Null where the system has no room for it. */
function watchTree(root: string, onTouched: () => void, onError: (error: unknown) => void): FSWatcher | null {
  try {
    const watcher = watch(root, { recursive: true }, (_event, name) => {
      if (name === null || !isOfGit(name)) onTouched();
    });
    return watcher.on('error', onError);
  } catch (error) {
    onError(error);
    return null;
  }
}

function isOfGit(name: string): boolean {
  return name === '.git' || name.startsWith(`.git${path.sep}`);
}
