import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AccessTokens } from '../../../src/secrets/access-tokens.ts';
import { keepAdminToken } from '../../../src/secrets/admin-token-file.ts';
import { createAccessTokens } from '../../../src/secrets/database-tokens.ts';
import { readAudit } from '../../../src/store/read/audit.ts';
import { makeRecord, type TestRecord } from '../../support/record.ts';

let record: TestRecord;
let tokens: AccessTokens;
let folder: string;
let file: string;
beforeEach(async () => {
  record = await makeRecord();
  tokens = createAccessTokens({ store: record.store, clock: record.clock });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-token-'));
  file = path.join(folder, 'admin-token');
});
afterEach(async () => {
  await record.close();
  await rm(folder, { recursive: true });
});

const keep = () => keepAdminToken({ tokens, clock: record.clock, file });
const holder = async () => (await tokens.find((await readFile(file, 'utf8')).trim()))?.name;
const names = async () => (await tokens.list()).map(({ name }) => name);

it('the first start puts the first admin token into a file that only its owner may read', async () => {
  expect(await keep()).toBe(true);
  expect(await holder()).toBe('admin');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('a folder in its place is named', async () => {
  await mkdir(file);
  await expect(keep()).rejects.toMatchObject({
    code: 'configuration_wrong',
    details: { name: file, cause: expect.stringContaining('EISDIR') as string },
  });
});

it('each token that the server makes is in the audit log, as made by the server', async () => {
  await keep();
  await writeFile(file, '');
  await keep();
  const { items } = await readAudit(record.store.db, {}, { before: null, limit: 10 });
  expect(items.map(({ action, actor, subject }) => [action, actor.kind, subject?.name])).toEqual([
    ['token.make', 'server', expect.stringMatching(/^recovered-/)],
    ['token.make', 'server', 'admin'],
  ]);
});

it('a later start makes nothing, whether the file is still there or not', async () => {
  await keep();
  const text = await readFile(file, 'utf8');
  expect(await keep()).toBe(false);
  expect(await readFile(file, 'utf8')).toBe(text);
  await rm(file);
  expect(await keep()).toBe(false);
  expect(await names()).toEqual(['admin']);
});

it('an empty file asks for a new token, which ends no other one', async () => {
  await keep();
  const first = (await readFile(file, 'utf8')).trim();
  await writeFile(file, '\n');
  await chmod(file, 0o644);
  expect(await keep()).toBe(true);
  expect(await holder()).toMatch(/^recovered-\d{8}-\d{6}$/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await tokens.find(first)).not.toBeNull();
  expect(await keep()).toBe(false);
});

it('a start that is killed before the token is in the file locks nobody out', async () => {
  const dying: AccessTokens = {
    ...tokens,
    makeFirstAdminToken: async () => {
      await tokens.makeFirstAdminToken();
      throw new Error('killed');
    },
  };
  await expect(keepAdminToken({ tokens: dying, clock: record.clock, file })).rejects.toThrow('killed');
  expect(await keep()).toBe(true);
  expect(await holder()).toMatch(/^recovered-/);
});

it('when all have ended the next start makes one', async () => {
  await keep();
  await tokens.make('brief', record.clock.now + 1);
  await tokens.revoke('admin');
  record.clock.now += 1;
  expect(await keep()).toBe(true);
  expect(await holder()).toBe('admin');
});
