import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commitRef } from '../../../../src/git/mirror.ts';
import { takeRefs } from '../../../../worker/checkout/mirror-refs.ts';

const COMMIT = 'c'.repeat(40);

let mirror: string;
beforeEach(async () => {
  mirror = await mkdtemp(path.join(tmpdir(), 'slw-'));
});
afterEach(() => rm(mirror, { recursive: true, force: true }));

it('leaves no lock of a ref for which there is no room, and writes it when there is', async () => {
  const file = path.join(mirror, commitRef(COMMIT));
  await mkdir(path.dirname(file), { recursive: true });
  // What is written there finds a full disk (full(4)).
  await symlink('/dev/full', `${file}.lock`);
  const bundle = new Map([[commitRef(COMMIT), COMMIT]]);
  await expect(takeRefs(mirror, new Map(), bundle)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(path.dirname(file))).toEqual([]);
  expect([...(await takeRefs(mirror, new Map(), bundle)).keys()]).toEqual([commitRef(COMMIT)]);
  expect(await readdir(path.dirname(file))).toEqual([COMMIT]);
});
