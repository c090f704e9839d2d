import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Installation } from '../../../src/backup/installation.ts';
import { openFileLogStore } from '../../../src/logs/file-log-store.ts';
import { openStore } from '../../../src/store/open-store.ts';

/** A folder of a test's own, and the processes that it has started. */
export interface Ground {
  readonly dir: string;
  /** The installation in the folder of that name, on this database. */
  place(name: string, postgres?: string): Installation;
  /** Starts a server that writes without a pause; resolves once it does. */
  startWriting(installation: Installation): Promise<ChildProcess>;
  stop(): Promise<void>;
}

export async function makeGround(): Promise<Ground> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-backup-'));
  const children: ChildProcess[] = [];
  return {
    dir,
    place: (name, postgres) => {
      const dataDir = path.join(dir, name);
      const file = path.join(dataDir, 'slipway.db');
      return {
        dataDir,
        database: postgres === undefined ? { kind: 'sqlite', file } : { kind: 'postgres', url: postgres },
        routerDir: path.join(dataDir, 'router'),
      };
    },
    async startWriting({ dataDir, database }) {
      const target = database.kind === 'sqlite' ? database.file : database.url;
      const file = fileURLToPath(new URL('writing-server.ts', import.meta.url));
      const child = spawn(process.execPath, [file, dataDir, target], {
        // Its standard input ends with this process, and it with that.
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      await once(child.stdout, 'data');
      return child;
    },
    async stop() {
      for (const child of children) await kill(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Opens what was restored as a server does, and holds each row's acknowledged length against its log. */
export async function readRestored({
  dataDir,
  database,
}: Installation): Promise<{ rows: number; behind: string[]; wrong: string[]; fence: number }> {
  const store = await openStore(database.kind === 'sqlite' ? database.file : database.url);
  const logs = openFileLogStore(path.join(dataDir, 'logs'));
  try {
    const rows = await store.db.selectFrom('event').select(['subject_id', 'detail_json']).execute();
    const acknowledged = new Map<string, number>();
    for (const { subject_id: log, detail_json: bytes } of rows)
      acknowledged.set(log, Math.max(acknowledged.get(log) ?? 0, Number(bytes)));
    const behind: string[] = [];
    const wrong: string[] = [];
    for (const [log, bytes] of acknowledged) {
      if ((await logs.state(log)).bytes < bytes) behind.push(log);
      const text = Buffer.from(await logs.readBytes(log, 0, bytes)).toString();
      const rounds = text.split('\n').slice(0, -1);
      if (!rounds.every((line, round) => line.split(' ')[1] === String(round))) wrong.push(log);
    }
    const { fence } = await store.db.selectFrom('environment').select('fence').executeTakeFirstOrThrow();
    return { rows: rows.length, behind, wrong, fence };
  } finally {
    await logs.close();
    await store.close();
  }
}

/** Every file and folder below with its mode, e.g. `logs 700`. */
export async function modesBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return Promise.all(
    ['.', ...names].map(async (name) => {
      const { mode } = await stat(path.join(folder, name));
      return `${name} ${(mode & 0o777).toString(8)}`;
    }),
  );
}
