import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withDirectoryLock } from '../../../../worker/router/directory-lock.ts';
import {
  currentGeneration,
  highestGeneration,
  pointCurrent,
  readGeneration,
  writeGeneration,
} from '../../../../worker/router/generations.ts';

const state = { settings: { binds: ['*:80'], backends: 1 }, environments: [] };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'slipway-generations-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('a generation', () => {
  it('is made once: of two who make the same number, one fails and nothing of it is left', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => writeGeneration(dir, 1, state)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(readdirSync(dir)).toEqual(['gen-1']);
    expect(await readGeneration(dir)).toEqual({ number: 1, state });
  });

  it('is what HAProxy starts from only once `current` points to it', async () => {
    await writeGeneration(dir, 1, state);
    expect(await currentGeneration(dir)).toBe(0);
    await pointCurrent(dir, 1);
    expect(await currentGeneration(dir)).toBe(1);
    expect(readFileSync(path.join(dir, 'current', 'haproxy.cfg'), 'utf8')).toContain('bind *:80');
  });

  it('long past is removed, the newest are kept', async () => {
    for (let number = 1; number <= 6; number++) {
      await writeGeneration(dir, number, state);
      await pointCurrent(dir, number);
    }
    expect(readdirSync(dir).sort()).toEqual(['current', 'gen-4', 'gen-5', 'gen-6']);
    expect(highestGeneration(dir)).toBe(6);
  });
});

describe("the directory's lock", () => {
  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = () =>
      withDirectoryLock(dir, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
      });
    await Promise.all(Array.from({ length: 8 }, work));
    expect(most).toBe(1);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is taken from a process that is dead', async () => {
    writeFileSync(path.join(dir, 'lock'), '4194999 1 dead');
    expect(await withDirectoryLock(dir, async () => 'in')).toBe('in');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is taken from one that holds it too long', async () => {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    const file = path.join(dir, 'lock');
    writeFileSync(file, `${process.pid} ${start} frozen`);
    utimesSync(file, new Date(), new Date(Date.now() - 60_000));
    expect(await withDirectoryLock(dir, async () => 'in')).toBe('in');
  });
});
