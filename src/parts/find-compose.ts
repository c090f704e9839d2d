import { spawnSync } from 'node:child_process';
import { findBinary } from './find-binary.ts';

/** A program and its first arguments. */
export type ComposeCommand = readonly [program: string, ...args: string[]];

/**
 * `docker-compose`, else `docker compose`, which a client of the engine has by a plugin; null where neither is there.
 * @param find Absolute path of a program; null where there is none.
 */
export function findCompose(
  find: (name: string) => string | null = (name) => findBinary([name]),
): ComposeCommand | null {
  const own = find('docker-compose');
  if (own !== null) return [own];
  const client = find('docker');
  if (client === null) return null;
  const { status } = spawnSync(client, ['compose', 'version'], { stdio: 'ignore' });
  return status === 0 ? [client, 'compose'] : null;
}
