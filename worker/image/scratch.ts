import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

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

/** Makes a folder, and removes those of processes that were killed before they could. */
export async function makeScratch(): Promise<Scratch> {
  const parent = await access('/dev/shm', constants.W_OK).then(
    () => '/dev/shm',
    () => tmpdir(),
  );
  await removeOrphans(parent);
  const directory = await mkdtemp(path.join(parent, `${PREFIX}${process.pid}-`));
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
  const names = await readdir(parent);
  const orphans = names.filter((name) => {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    return Number.isInteger(pid) && !isAlive(pid);
  });
  await Promise.all(orphans.map((name) => rm(path.join(parent, name), { recursive: true, force: true })));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
