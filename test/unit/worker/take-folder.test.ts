import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localProcess } from '../../../src/processes/local-process.ts';
import { takeFolder } from '../../../worker/take-folder.ts';

let dir: string;
let other: ChildProcess;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-folder-'));
  other = spawn('sleep', ['60']);
  await once(other, 'spawn');
});
afterEach(async () => {
  await end(other);
  await rm(dir, { recursive: true });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** As if `other` had been the worker of this folder. */
async function keptByOther(): Promise<void> {
  const kept = { instance: 'other-instance', process: localProcess(other.pid) };
  await writeFile(path.join(dir, 'worker-process'), JSON.stringify(kept));
}

describe("a worker's folder", () => {
  it('has nobody before the first process', async () => {
    const { instance, after } = await takeFolder(dir);
    expect(instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(after).toBeNull();
  });

  it('is refused while the process lives that uses it, also when it is frozen', async () => {
    await keptByOther();
    other.kill('SIGSTOP');
    await expect(takeFolder(dir)).rejects.toMatchObject({
      code: 'in_use',
      details: { id: dir, by: `the worker of process ${other.pid}` },
    });
    expect(await readdir(dir)).toEqual(['worker-process']);
  });

  it('names the dead process that used it before', async () => {
    await keptByOther();
    await end(other);
    expect((await takeFolder(dir)).after).toBe('other-instance');
  });

  it('names nobody of whom it is not known whether he is dead', async () => {
    const process = localProcess(other.pid).replace(/^[^/]+/, 'another-boot');
    await writeFile(path.join(dir, 'worker-process'), JSON.stringify({ instance: 'x', process }));
    expect((await takeFolder(dir)).after).toBeNull();
    await writeFile(path.join(dir, 'worker-process'), '{"half');
    expect((await takeFolder(dir)).after).toBeNull();
  });

  it('is this process from when it keeps it', async () => {
    const holder = await takeFolder(dir);
    await takeFolder(dir);
    await holder.keep();
    await expect(takeFolder(dir)).rejects.toMatchObject({ code: 'in_use' });
    expect(await readdir(dir)).toEqual(['worker-process']);
  });
});
