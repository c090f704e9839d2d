import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../demo/traffic.ts';
import { findProcesses } from '../../src/parts/processes.ts';
import { freePort } from '../../src/parts/registry.ts';
import {
  ensureRouter,
  supervisorPid,
  routerPid,
  stopRouter,
  type RouterPart,
} from '../../src/parts/router.ts';
import { prepareRouter } from '../../worker/router/open-router.ts';
import { waitFor } from '../support/wait.ts';

let dir: string;
let port: number;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-supervisor-'));
  port = await freePort();
});
afterEach(async () => {
  await stopRouter(dir);
  await rm(dir, { recursive: true, force: true });
});

describe('a router that is killed', () => {
  it('comes back from its own files, however often, while nobody else runs', async () => {
    const { pid } = await ensure();
    const killed = [pid];
    for (let time = 0; time < 3; time += 1) {
      process.kill(killed.at(-1) ?? 0, 'SIGKILL');
      killed.push(await another(killed));
      expect(await serves()).toBe(true);
    }
    expect(await readFile(path.join(dir, 'haproxy.log'), 'utf8')).toContain('haproxy ended with 137');
  });

  it('is left dead once it was told to stop', async () => {
    await ensure();
    await stopRouter(dir);
    expect(await routerPid(dir)).toBe(null);
    expect(ofOurs()).toEqual([]);
  });
});

describe('a second router at the same address', () => {
  it('does not start, and takes nothing of the first one', async () => {
    await ensure();
    const other = await mkdtemp(path.join(tmpdir(), 'slipway-supervisor-'));
    try {
      const second = ensureRouter({
        dir: other,
        prepare: () => prepareRouter(other, { binds: [`127.0.0.1:${port}`], backends: 2 }),
      });
      await expect(second).rejects.toMatchObject({ code: 'part_failed' });
      for (let time = 0; time < 20; time += 1) expect(await serves()).toBe(true);
    } finally {
      await stopRouter(other);
      await rm(other, { recursive: true, force: true });
    }
  });
});

describe('the supervisor of a router', () => {
  it('is one, however often and by however many it is asked for', async () => {
    const all = await Promise.all([ensure(), ensure(), ensure()]);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
    expect(await ensure()).toEqual({ pid: all[0]?.pid, started: false });
    await waitFor('supervisor and HAProxy are all there is', () => ofOurs().length === 2);
  });

  it('that was killed itself leaves the router serving, and another one takes its place', async () => {
    const { pid } = await ensure();
    process.kill(supervisorPid(dir) ?? 0, 'SIGKILL');
    expect(await serves()).toBe(true);
    expect(await ensure()).toEqual({ pid, started: false });
    await waitFor('another supervisor', () => supervisorPid(dir));
    process.kill(pid, 'SIGKILL');
    await another([pid]);
    await stopRouter(dir);
    expect(ofOurs()).toEqual([]);
  });

  it('gives up at once on a router that never came up, with the reason', async () => {
    const prepare = (): Promise<void> => prepareRouter(dir, { binds: ['192.0.2.1:80'], backends: 1 });
    await expect(ensureRouter({ dir, prepare })).rejects.toThrow(/haproxy did not start: it ended with 1/);
    await waitFor('nothing is left', () => ofOurs().length === 0);
  });

  it('takes a frozen router down with it', async () => {
    const { pid } = await ensure();
    process.kill(pid, 'SIGSTOP');
    await stopRouter(dir);
    expect(ofOurs()).toEqual([]);
  });
});

const ensure = (): Promise<RouterPart> =>
  ensureRouter({
    dir,
    prepare: () => prepareRouter(dir, { binds: [`127.0.0.1:${port}`], backends: 4 }),
  });

/** The HAProxy that answers and is none of these. */
function another(pids: readonly number[]): Promise<number> {
  return waitFor('another HAProxy', async () => {
    const now = await routerPid(dir);
    return now === null || pids.includes(now) ? null : now;
  });
}

async function serves(): Promise<boolean> {
  const { text } = await ask(`http://127.0.0.1:${port}`, 'nobody.example.com', { path: '/' });
  return text.includes('This host name belongs to no environment.');
}

/** Processes that name our folder on their command line. */
const ofOurs = (): number[] => findProcesses('cmdline', (text) => text.includes(dir));
