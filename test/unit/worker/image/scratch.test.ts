import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeScratch, writeClientConfiguration } from '../../../../worker/image/scratch.ts';

test('writes secrets that only this user can read, and takes them away', async () => {
  const scratch = await makeScratch();
  const file = await scratch.write('secret-0', 's3cret');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(scratch.directory).mode & 0o777).toBe(0o700);
  await scratch.remove();
  expect(existsSync(scratch.directory)).toBe(false);
});

test('gives the client these logins and no others', async () => {
  const scratch = await makeScratch();
  try {
    const folder = await writeClientConfiguration(scratch, {
      'registry.example.com': { username: 'ci', password: 'pass' },
      'docker.io': { username: 'hub', password: 'word' },
    });
    expect(JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'))).toEqual({
      auths: {
        'registry.example.com': { auth: Buffer.from('ci:pass').toString('base64') },
        'https://index.docker.io/v1/': { auth: Buffer.from('hub:word').toString('base64') },
      },
    });
  } finally {
    await scratch.remove();
  }
});

test('takes away what a killed process has left, and nothing of one that lives', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  const mine = await makeScratch();
  const parent = path.dirname(mine.directory);
  const orphan = path.join(parent, `slipway-image-${child.pid ?? 0}-killed`);
  const neighbour = path.join(parent, `slipway-image-${process.ppid}-alive`);
  mkdirSync(orphan);
  mkdirSync(neighbour);
  try {
    const second = await makeScratch();
    expect([existsSync(orphan), existsSync(neighbour), existsSync(mine.directory)]).toEqual([
      false,
      true,
      true,
    ]);
    await second.remove();
  } finally {
    rmSync(neighbour, { recursive: true });
    await mine.remove();
  }
});
