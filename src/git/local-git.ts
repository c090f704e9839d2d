import { simpleGit, type SimpleGit } from 'simple-git';

const BLOCK_MS = 30_000;

/**
 * git on a repository of our own making, without a remote: what it starts ends with it, so simple-git's own child
 * will do (for what talks to a network see `run-git.ts`). No user or system configuration, messages in the C locale.
 */
export function localGit(folder: string, signal?: AbortSignal): SimpleGit {
  const options = {
    baseDir: folder,
    timeout: { block: BLOCK_MS },
    trimmed: false,
    allowEnvironment: ['GIT_CONFIG_NOSYSTEM'],
  };
  return simpleGit(signal === undefined ? options : { ...options, abort: signal }).env({
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C',
  });
}
