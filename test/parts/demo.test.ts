import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PushFigures } from '../../demo/figures.ts';
import { APP_HOST, type Shown } from '../../demo/run-demo.ts';
import { ask } from '../../demo/traffic.ts';
import { findProcesses, isAlive } from '../../src/parts/processes.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
let dir: string;

beforeEach(async () => {
  // Short: sockets have names of at most 107 bytes.
  dir = await mkdtemp(path.join(tmpdir(), 'slwd-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('shows every stage and the figures that others read, runs on with --keep, and leaves nothing when that is ended', async () => {
  const { code, output } = await demo(['--json', '--keep']);
  expect(output, output).toContain('Everything was observed');
  expect(code).toBe(0);
  const shown = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Shown & { ok: boolean };
  expect(shown.ok).toBe(true);
  const [, kept = ''] = /`kill (\d+)` ends it/.exec(output) ?? [];
  try {
    expect((await fetch(shown.urls.page, { headers: { accept: 'text/html' } })).status).toBe(200);
    const [, tokenFile = ''] = /with the token in (.+)/.exec(output) ?? [];
    const { origin } = new URL(shown.urls.page);
    const signIn = await fetch(`${origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ token: (await readFile(tokenFile, 'utf8')).trim() }),
    });
    expect(signIn.status).toBe(201);
    expect((await ask(shown.urls.app, APP_HOST, { path: '/' })).status).toBe(200);
  } finally {
    process.kill(Number(kept), 'SIGTERM');
    await waitFor('the kept demo has ended', async () => !isAlive(Number(kept)), 60_000);
  }
  for (const push of [shown.first, shown.second]) {
    for (const key of TIMES) expect(push[key], key).toBeGreaterThanOrEqual(0);
    expect(push.bytesPushed).toBeGreaterThan(0);
    expect(push.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  }
  // One line changed: another image, most of it from the cache.
  expect(shown.second.digest).not.toBe(shown.first.digest);
  expect(shown.second.bytesPushed).toBeLessThan(shown.first.bytesPushed);
  expect(shown.traffic).toMatchObject({ failed: 0 });
  await waitFor('nothing is left', async () => (await leftOver()).length === 0, 10_000).catch(
    () => undefined,
  );
  expect(await leftOver()).toEqual([]);
}, 300_000);

it('ends when it is told to, exits with 1, and leaves nothing', async () => {
  const { code, output } = await demo(['--json'], 'SIGTERM');
  expect(code).toBe(1);
  expect(JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ ok: false });
  await waitFor('nothing is left', async () => (await leftOver()).length === 0, 10_000).catch(
    () => undefined,
  );
  expect(await leftOver()).toEqual([]);
});

const TIMES: readonly Exclude<keyof PushFigures, 'digest'>[] = [
  'webhookMs',
  'intakeMs',
  'imageMs',
  'stepsMs',
  'pushMs',
  'deployMs',
  'totalMs',
];

/** Runs the demo as `npm run demo` does; `signal`: sent when its set-up is under way. */
function demo(
  options: readonly string[],
  signal: NodeJS.Signals | null = null,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'demo/demo.ts'), ...options], {
    cwd: ROOT,
    env: {
      ...nodeEnvironment(),
      HOME: dir,
      TMPDIR: dir,
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? path.join(process.env['HOME'] ?? '', '.cache'),
      DOCKER_HOST: testParts().dockerHost,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (signal === null || !output.includes('Setting up')) return;
      child.kill(signal);
      signal = null;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** What is there of the demo: files, processes, and what the engine holds under a label that names its folder. */
async function leftOver(): Promise<readonly string[]> {
  const engine = connectEngine(testParts().dockerHost);
  try {
    const { containers, networks, volumes } = await engine.listOwned(['slipway.router']);
    const owned = [...containers, ...networks, ...volumes];
    return [
      ...(await readdir(dir)).map((name) => `file ${name}`),
      ...findProcesses('cmdline', (text) => text.includes(dir)).map((pid) => `process ${pid}`),
      ...owned
        .filter(({ labels }) => labels['slipway.router']?.startsWith(dir))
        .map(({ id }) => `owned ${id}`),
    ];
  } finally {
    engine.close();
  }
}
