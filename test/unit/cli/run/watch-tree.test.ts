import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fingerprint, untilChanged } from '../../../../src/cli/run/watch-tree.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slipway-watch-'));
  mkdirSync(path.join(root, 'sub'));
  writeFileSync(path.join(root, 'sub/a.txt'), 'one');
});
afterEach(() => rmSync(root, { recursive: true }));

const never = new AbortController().signal;
const silent = (why: string): void => expect.unreachable(why);

it('sees a change in a folder that is no repository', async () => {
  const tree = { root, isRepository: false };
  const before = await fingerprint(tree);
  const changed = untilChanged(tree, before, never, silent);
  await sleep(300);
  writeFileSync(path.join(root, 'sub/a.txt'), 'two!');
  await changed;
  expect(await fingerprint(tree)).not.toBe(before);
});

it('ends when it is told to, with its reason', async () => {
  const tree = { root, isRepository: false };
  const over = new AbortController();
  const changed = untilChanged(tree, await fingerprint(tree), over.signal, silent);
  over.abort(new Error('enough'));
  await expect(changed).rejects.toThrow('enough');
});

it('says that git failed, instead of waiting for ever', async () => {
  const tree = { root, isRepository: true };
  await expect(fingerprint(tree)).rejects.toMatchObject({ code: 'git_failed' });
  await expect(untilChanged(tree, '', never, silent)).rejects.toMatchObject({ code: 'git_failed' });
});

it('looks again and again where the system does not tell of changes, and says so once', async () => {
  const tree = { root, isRepository: false };
  const before = await fingerprint(tree);
  const why: string[] = [];
  const full = (_root: string, _onTouched: () => void, onError: (error: unknown) => void): null => {
    for (let times = 0; times < 2; times += 1) onError(new Error('no space left for watches'));
    return null;
  };
  const changed = untilChanged(tree, before, never, (one) => why.push(one), full);
  await sleep(300);
  writeFileSync(path.join(root, 'sub/a.txt'), 'another');
  await changed;
  expect(why).toEqual(['no space left for watches']);
});
