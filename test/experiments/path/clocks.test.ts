import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { makeClocks, MOVED_CLOCK } from './clocks.ts';

const HOUR = 3_600_000;

test("moves a running process's wall clock at once, and neither its timers nor its monotonic clock", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-clock-'));
  const clocks = await makeClocks(path.join(dir, 'clocks'));
  mkdirSync(path.join(dir, 'src'));
  const program = path.join(dir, 'src/main.ts');
  writeFileSync(
    program,
    'setInterval(() => console.log([Date.now(), new Date().getTime(), performance.now()].join(" ")), 10)',
  );
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...clocks.env, NODE_OPTIONS: MOVED_CLOCK },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let now = [0, 0, 0];
    createInterface({ input: child.stdout }).on('line', (line) => (now = line.split(' ').map(Number)));
    const hoursAhead = () => now.slice(0, 2).map((ms) => Math.round((ms - Date.now()) / HOUR));
    await waitFor('it shows our time', () => now[2] !== 0 && hoursAhead().join() === '0,0');
    const before = now[2] ?? 0;
    await clocks.move('server', -3 * HOUR);
    await waitFor('it is three hours behind', () => hoursAhead().join() === '-3,-3');
    await clocks.move('server', 2 * HOUR);
    await waitFor('it is two hours ahead', () => hoursAhead().join() === '2,2');
    expect(now[2]).toBeGreaterThan(before);
    expect((now[2] ?? 0) - before).toBeLessThan(60_000);
  } finally {
    child.kill('SIGKILL');
    await rm(dir, { recursive: true });
  }
});
