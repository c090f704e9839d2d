import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { webhookSecrets } from '../../../scripts/installation/webhook-secrets.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'slipway-webhook-secrets-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

it('are made once, for this user alone', async () => {
  const { newest, env } = await webhookSecrets(dataDir, {});
  const file = path.join(dataDir, 'webhook-secret');
  expect(newest).toMatch(/^[0-9a-f]{48}$/);
  expect(env).toEqual({ SLIPWAY_WEBHOOK_SECRETS_FILE: file });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await webhookSecrets(dataDir, {})).newest).toBe(newest);
  expect(await readdir(dataDir)).toEqual(['webhook-secret']);
});

it('are made by a process with the id of one that was killed while it made them', async () => {
  await writeFile(path.join(dataDir, `webhook-secret.${process.pid}`), 'half');
  expect((await webhookSecrets(dataDir, {})).newest).toMatch(/^[0-9a-f]{48}$/);
});

it('are the same for all that make them at once', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => webhookSecrets(dataDir, {})));
  expect(new Set(all.map(({ newest }) => newest)).size).toBe(1);
});

it('are the operator’s where these are named, the newest first', async () => {
  const named = await webhookSecrets(dataDir, { SLIPWAY_WEBHOOK_SECRETS: 'new, old' });
  expect(named).toEqual({ newest: 'new', env: {} });
  const file = path.join(dataDir, 'mine');
  await writeFile(file, 'new\nold\n');
  const read = await webhookSecrets(dataDir, { SLIPWAY_WEBHOOK_SECRETS_FILE: file });
  expect(read).toEqual({ newest: 'new', env: { SLIPWAY_WEBHOOK_SECRETS_FILE: file } });
  expect(await readdir(dataDir)).toEqual(['mine']);
});
