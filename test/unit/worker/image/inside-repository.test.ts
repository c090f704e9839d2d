import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { insideRepository, PathEscapes } from '../../../../worker/image/inside-repository.ts';

let root: string;
beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'inside-test-')), 'repository');
  mkdirSync(path.join(root, 'src'), { recursive: true });
  writeFileSync(path.join(root, 'src/Dockerfile'), '');
});
afterEach(() => rmSync(path.dirname(root), { recursive: true }));

test('gives the real path of what is inside, and null for what is not there', async () => {
  expect(await insideRepository(root, 'src/Dockerfile')).toBe(path.join(root, 'src/Dockerfile'));
  expect(await insideRepository(root, '.')).toBe(root);
  expect(await insideRepository(root, 'src/../src/Dockerfile')).toBe(path.join(root, 'src/Dockerfile'));
  expect(await insideRepository(root, 'none')).toBeNull();
});

test.each(['..', '../repository-other', '/etc/passwd', 'src/../../x'])('refuses %s', async (name) => {
  await expect(insideRepository(root, name)).rejects.toThrow(PathEscapes);
});

test('refuses a link that leads outside', async () => {
  symlinkSync('/etc', path.join(root, 'link'));
  await expect(insideRepository(root, 'link/passwd')).rejects.toThrow('leads out of the repository');
});

test('follows a link that stays inside', async () => {
  symlinkSync('src', path.join(root, 'link'));
  expect(await insideRepository(root, 'link/Dockerfile')).toBe(path.join(root, 'src/Dockerfile'));
});
