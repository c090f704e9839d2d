import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { demandStopped, noteStart } from '../../../scripts/installation/stop-installation.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-note-'));
});
afterEach(() => rm(dir, { recursive: true }));

it('a data folder that an npm start uses is refused to another one, until that has ended', async () => {
  const forget = await noteStart(dir);
  await expect(demandStopped(dir)).rejects.toMatchObject({
    code: 'runs_already',
    details: { dir, pid: process.pid },
  });
  await forget();
  await demandStopped(dir);
});

it('a note that a killed one has left says nothing, whoever has its process id now', async () => {
  await noteStart(dir);
  const file = path.join(dir, 'start.pid');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/\d+\n$/, '1\n')); // as of another start time
  await demandStopped(dir);
  await writeFile(file, `${process.pid}\n`); // as an older version wrote it
  await demandStopped(dir);
});
