import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../../src/store/migrate.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';

it('a server does not start on the database of a newer one, says what to do, and changes nothing', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-newer-'));
  try {
    const file = path.join(folder, 'slipway.db');
    await (await openStore(file)).close();
    const database = new DatabaseSync(file);
    database.exec('update schema_version set version = 99; pragma wal_checkpoint(truncate)');
    database.close();
    const before = await readFile(file);
    const { code, stdout } = await startServer(folder);
    expect(code).toBe(1);
    expect(stdout).toContain(`The database has schema 99; this program knows up to ${MIGRATIONS.length}.`);
    expect(stdout).toContain('Start the newer program again, or restore a backup made before the upgrade.');
    expect(await readFile(file)).toEqual(before);
  } finally {
    await rm(folder, { recursive: true });
  }
});

function startServer(dataDir: string): Promise<{ code: number; stdout: string }> {
  const program = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const env = {
    ...nodeEnvironment(),
    SLIPWAY_DATA: dataDir,
    SLIPWAY_URL: 'http://127.0.0.1:1',
    SLIPWAY_LISTEN: '127.0.0.1:0',
    REDIS_URL: 'redis://127.0.0.1:1',
  };
  return new Promise((resolve) =>
    execFile(process.execPath, [program], { env, timeout: 20_000 }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), stdout }),
    ),
  );
}
