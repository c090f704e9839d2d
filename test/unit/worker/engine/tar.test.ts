import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { tarOf } from '../../../../worker/engine/tar.ts';

it('writes archives that tar reads: names, modes, root as owner, bytes', () => {
  const archive = tarOf([
    { name: 'program', mode: 0o755, bytes: Buffer.alloc(1_000, 'x') },
    { name: 'folder/', mode: 0o755, bytes: Buffer.alloc(0) },
    { name: 'folder/empty', mode: 0o444, bytes: Buffer.alloc(0) },
  ]);
  const list = spawnSync('tar', ['--numeric-owner', '-tvf', '-'], { input: archive, encoding: 'utf8' });
  expect(list.stderr).toBe('');
  expect(list.stdout.split('\n').map((line) => line.replace(/ +\d{4}-.*\d{2}:\d{2} /, ' '))).toEqual(
    ['-rwxr-xr-x 0/0 1000 program', 'drwxr-xr-x 0/0 0 folder/', '-r--r--r-- 0/0 0 folder/empty', ''].map(
      (line) => expect.stringMatching(new RegExp(`^${line.replace(/ (\d+) /, ' +$1 ')}$`)) as string,
    ),
  );
  const content = spawnSync('tar', ['-xOf', '-', 'program'], { input: archive });
  expect(content.stdout).toEqual(Buffer.alloc(1_000, 'x'));
});
