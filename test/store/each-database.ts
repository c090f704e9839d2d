import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import type { OwnPostgres } from '../support/postgres.ts';

/** Runs the same claims on both databases; `target` gives a new, empty one each time. */
export function onEachDatabase(claims: (target: () => Promise<string>) => void): void {
  describe('on SQLite', () => {
    let folder = '';
    let made = 0;
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'slipway-store-'));
    });
    afterAll(() => rm(folder, { recursive: true }));
    claims(async () => path.join(folder, `${(made += 1)}.db`));
  });

  describe('on PostgreSQL', () => {
    let postgres: OwnPostgres | null = null;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.stop());
    claims(() => {
      if (postgres === null) throw new Error('PostgreSQL is not on this machine: apt-get install postgresql');
      return postgres.createDatabase();
    });
  });
}
