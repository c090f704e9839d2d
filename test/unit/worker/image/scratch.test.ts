import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { localProcess } from '../../../../src/processes/local-process.ts';
import { makeScratch, scratchPrefix, writeClientConfiguration } from '../../../../worker/image/scratch.ts';

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

/** A folder as another process would have made it. */
function leave(parent: string, owner: string, atMs = Date.now()): string {
  const folder = mkdtempSync(path.join(parent, scratchPrefix(owner)));
  utimesSync(folder, atMs / 1_000, atMs / 1_000);
  return folder;
}

const DAY_MS = 24 * 3_600_000;

test('takes away what a killed process has left, and nothing of one that lives or cannot be seen from here', async () => {
  const child = spawn('cat');
  const dead = localProcess(child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const mine = await makeScratch();
  const parent = path.dirname(mine.directory);
  const [boot, , ...process_] = dead.split('/');
  const elsewhere = [boot, 'pid:[1]', ...process_].join('/');
  const killed = leave(parent, dead);
  const neighbour = leave(parent, localProcess(process.ppid));
  const container = leave(parent, elsewhere, Date.now() - DAY_MS);
  const forgotten = leave(parent, elsewhere, Date.now() - 8 * DAY_MS);
  try {
    const second = await makeScratch();
    const left = [killed, neighbour, container, forgotten, mine.directory].map((folder) =>
      existsSync(folder),
    );
    expect(left).toEqual([false, true, true, false, true]);
    await second.remove();
  } finally {
    for (const folder of [neighbour, container]) rmSync(folder, { recursive: true });
    await mine.remove();
  }
});
