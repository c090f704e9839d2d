import path from 'node:path';

/**
 * Longest path of a router's folder, in bytes. HAProxy takes socket paths of 97 bytes at most, less than the
 * system does: it binds under a temporary name first.
 */
export const ROUTER_DIR_BYTES = 97 - '/runtime.sock'.length;

/** The router's folder: the one that is named, else `router` in the data folder. */
export function routerDirOf(named: string | null, dataDir: string): string {
  return named ?? path.join(dataDir, 'router');
}
