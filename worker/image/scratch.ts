import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { localProcess, stateOfProcess } from '../../src/processes/local-process.ts';

/** A folder for one build's secrets and the client's configuration, in memory where the system has that. */
export interface Scratch {
  readonly directory: string;
  /** Writes a file that only this user can read; returns its path. */
  write(name: string, text: string): Promise<string>;
  /** Removes everything. */
  remove(): Promise<void>;
}

export interface RegistryLogins {
  readonly [host: string]: { readonly username: string; readonly password: string };
}

const PREFIX = 'slipway-image-';
/** No build takes as long; a folder of this age whose owner cannot be seen from here has none. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;

/**
 * Makes a folder, and removes those of processes that were killed before they could. Each names its owner with boot,
 * process namespace and start time: a memory that containers share holds folders whose process ids mean nothing here.
 */
export async function makeScratch(): Promise<Scratch> {
  const parent = await access('/dev/shm', constants.W_OK).then(
    () => '/dev/shm',
    () => tmpdir(),
  );
  await removeOrphans(parent);
  const directory = await mkdtemp(path.join(parent, scratchPrefix(localProcess())));
  return {
    directory,
    write: async (name, text) => {
      const file = path.join(directory, name);
      await writeFile(file, text, { mode: 0o600, flag: 'wx' });
      return file;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** How the names of a process's folders begin. */
export function scratchPrefix(owner: string): string {
  return `${PREFIX}${Buffer.from(owner).toString('base64url')}.`;
}

/**
 * A configuration folder for `docker` with these logins and nothing of this user's but the plugins, so that
 * a build cannot use logins that its project was not given. Returns its path.
 */
export async function writeClientConfiguration(scratch: Scratch, logins: RegistryLogins): Promise<string> {
  const auths = Object.entries(logins).map(([host, { username, password }]) => [
    host === 'docker.io' ? 'https://index.docker.io/v1/' : host,
    { auth: Buffer.from(`${username}:${password}`).toString('base64') },
  ]);
  const folder = path.join(scratch.directory, 'docker');
  await mkdir(folder, { mode: 0o700 });
  await scratch.write('docker/config.json', JSON.stringify({ auths: Object.fromEntries(auths) as object }));
  const own = process.env['DOCKER_CONFIG'] ?? path.join(homedir(), '.docker');
  await symlink(path.join(own, 'cli-plugins'), path.join(folder, 'cli-plugins'));
  return folder;
}

async function removeOrphans(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const folder = path.join(parent, name);
    // Another user's folder, or one that goes at this moment, is not ours to remove.
    if (await isOrphan(folder, name))
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isOrphan(folder: string, name: string): Promise<boolean> {
  const [owner = ''] = name.slice(PREFIX.length).split('.');
  const state = stateOfProcess(Buffer.from(owner, 'base64url').toString('utf8'));
  if (state !== 'unknown') return state === 'dead';
  const madeMs = await stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
  return Date.now() - madeMs > FORGOTTEN_MS;
}
