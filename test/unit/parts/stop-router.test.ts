import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../../src/parts/processes.ts';
import { stopRouter } from '../../../src/parts/router.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'slipway-stop-router-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Something with the command line of the directory's HAProxy, whose parent never asks how it ended. */
async function startUnreaped() {
  const config = path.join(dir, 'current', 'haproxy.cfg');
  const script = `sh -c 'while :; do sleep 0.1; done' haproxy -db -f '${config}' -- & echo $!; exec sleep 60`;
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  return { pid: Number(text.toString()), endParent: () => parent.kill('SIGKILL') };
}

it('counts a router that has ended as gone, also where its parent has not asked for it yet', async () => {
  const { pid, endParent } = await startUnreaped();
  const socket = createServer((client) => client.on('error', () => undefined).end(`Pid: ${pid}\n`));
  await new Promise<void>((resolve) => socket.listen(path.join(dir, 'runtime.sock'), resolve));
  try {
    expect(isAlive(pid)).toBe(true);
    await stopRouter(dir);
    expect(isAlive(pid)).toBe(false);
    expect(() => process.kill(pid, 0), 'it is a zombie').not.toThrow();
  } finally {
    endParent();
    socket.close();
  }
});
