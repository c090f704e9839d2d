import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { waitFor } from './wait.ts';

/** A PostgreSQL of a test's own, on a unix socket in a temporary folder. */
export interface OwnPostgres {
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Ends it, with `SIGINT` in order, and starts it again on what it had. */
  end(signal: 'SIGKILL' | 'SIGINT'): Promise<void>;
  begin(): Promise<void>;
  /** Holds all of its processes still, until {@link OwnPostgres.thaw}. */
  freeze(): void;
  thaw(): void;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** It is gone with its test: nothing of it has to outlive a power cut, which takes most of the time of small databases. */
const SETTINGS = ['listen_addresses=', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** Starts one from Debian's packages or PATH, as a user that is not root; null when there is none on this machine. */
export async function startPostgres(): Promise<OwnPostgres | null> {
  const bin = await findPostgres();
  if (bin === null) return null;
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-pg-'));
  const user = process.getuid?.() === 0 ? findUser('postgres', 'nobody') : {};
  if ('uid' in user) await chown(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  await promisify(execFile)(
    path.join(bin, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'slipway', '--no-sync', '-E', 'UTF8', '--locale=C'],
    user,
  );
  const address = (database: string) =>
    `postgresql://slipway@/${database}?host=${encodeURIComponent(folder)}`;
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(
      path.join(bin, 'postgres'),
      ['-D', data, '-k', folder, ...SETTINGS.flatMap((setting) => ['-c', setting])],
      { ...user, stdio: 'ignore' },
    );
    await waitUntilReady(address('postgres'));
    return started;
  };
  let child = await start();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  /** Its own processes are of sessions of their own, so that no group of processes has them all. */
  const tell = (signal: NodeJS.Signals): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    for (const pid of [...childrenOf(child.pid ?? 0), child.pid ?? 0]) process.kill(pid, signal);
  };
  let made = 0;
  return {
    async createDatabase() {
      const name = `test_${(made += 1)}`;
      await query(address('postgres'), `create database ${name}`);
      return address(name);
    },
    async end(signal) {
      const workers = childrenOf(child.pid ?? 0);
      await end(signal);
      await waitFor('what it had started is gone', () => workers.every((pid) => !existsSync(`/proc/${pid}`)));
    },
    async begin() {
      child = await start();
    },
    freeze: () => tell('SIGSTOP'),
    thaw: () => tell('SIGCONT'),
    async stop() {
      await end('SIGINT');
      await rm(folder, { recursive: true });
    },
  };
}

/** Folder of the newest PostgreSQL server's programs; null when there is none. */
export async function findPostgres(): Promise<string | null> {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? (await readdir(debian)).sort().reverse() : [];
  const folders = [
    ...versions.map((version) => path.join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) => existsSync(path.join(folder, 'initdb'))) ?? null;
}

function findUser(...names: readonly string[]): { uid: number; gid: number } | Record<string, never> {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of names) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return {};
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

async function waitUntilReady(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1)
    try {
      return await query(url, 'select 1');
    } catch (error) {
      if (tries > 200) throw error;
      await sleep(50);
    }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
