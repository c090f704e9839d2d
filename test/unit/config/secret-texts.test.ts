import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { secretTexts } from '../../../config/secret-texts.ts';

const run = promisify(execFile);

it('what opens something in the settings is told, from the environment, files and the file of settings', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-secret-texts-'));
  try {
    const [key, file] = [path.join(folder, 'key'), path.join(folder, 'slipway.env')];
    await writeFile(key, 'token=of%20the%20collector,other=second-value\n');
    await writeFile(file, 'SLIPWAY_SMTP_PASSWORD=of the mail server\nSLIPWAY_URL=https://ci.example.com\n');
    const texts = secretTexts({
      SLIPWAY_CONFIG: file,
      DATABASE_URL: 'postgres://slipway:hunter%212@db/slipway',
      REDIS_URL: 'redis://127.0.0.1:6379',
      SLIPWAY_WEBHOOK_SECRETS: 'newest-of-two, older-of-two',
      OTEL_EXPORTER_OTLP_HEADERS_FILE: key,
      SLIPWAY_WORKER_TOKEN_FILE: path.join(folder, 'none'),
    });
    expect(texts).toEqual(
      expect.arrayContaining([
        ...['hunter%212', 'hunter!2', 'postgres://slipway:hunter%212@db/slipway', 'of the mail server'],
        ...['newest-of-two', 'older-of-two', 'of%20the%20collector', 'of the collector', 'second-value'],
      ]),
    );
    expect(texts.join()).not.toContain('ci.example.com');
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('an address is a secret where something in it opens', () => {
  const of = (address: string) => secretTexts({ DATABASE_URL: address });
  expect(of('postgres://slipway@/slipway?host=/run/postgresql')).toEqual([]);
  for (const address of [
    'postgres://slipway:hunter%212@/slipway?host=/run/postgresql',
    'postgres://slipway@db/slipway?password=hunter%212',
  ])
    expect(of(address)).toEqual(expect.arrayContaining([address, 'hunter!2']));
  expect(of('no address')).toEqual(['no address']);
});

it.each([
  ['src/main.ts', { SLIPWAY_URL: 'http://127.0.0.1:1', SLIPWAY_REGISTRY: '127.0.0.1:1' }],
  [
    'worker/main.ts',
    { SLIPWAY_SERVER_URL: 'http://127.0.0.1:1', SLIPWAY_WORKER_TOKEN: 'another-one-0123456789' },
  ],
])(
  '%s shows no secret of its settings, whatever a message quotes',
  async (program, more) => {
    const env = {
      PATH: process.env['PATH'],
      SLIPWAY_DATA: '/nowhere',
      REDIS_URL: 'redis://:sesame-4711-open@127.0.0.1:1',
      SLIPWAY_CA_BUNDLE: '/nowhere/sesame-4711-open.pem',
      ...more,
    };
    const ended = run(process.execPath, [path.join(import.meta.dirname, '../../..', program)], { env });
    const { stdout } = (await ended.catch((error: unknown) => error)) as { stdout: string };
    expect(stdout).toContain('/nowhere/********.pem');
    expect(stdout).not.toContain('sesame');
  },
  60_000,
);
