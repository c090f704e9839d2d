import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, it } from 'vitest';
import { NODE_FLAGS } from '../../../config/node-flags.ts';
import { residentMb } from '../../support/resident-memory.ts';

const MODULE = path.resolve(import.meta.dirname, '../../../src/processes/give-back-memory.ts');

/** Holds some 250 MB of small objects, lets go of them all, and rests. */
const WORK = `
  import { giveBackMemory } from '${MODULE}';
  giveBackMemory({ everyMs: 100 });
  for (let round = 0; round < 3; round++) {
    const held = [];
    for (let n = 0; n < 1_500_000; n++) held.push({ n, text: 'text ' + n });
    console.log(held.length);
  }
  console.log('rests');
  setInterval(() => {}, 1_000);
`;

it('a process at rest holds no pages of the work before', async () => {
  const child = spawn(process.execPath, [...NODE_FLAGS, '--input-type=module', '-e', WORK], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    child.stdout.setEncoding('utf8');
    let said = '';
    while (!said.includes('rests')) said += ((await once(child.stdout, 'data')) as [string])[0];
    await expect.poll(() => residentMb(child), { timeout: 10_000 }).toBeLessThan(120);
  } finally {
    child.kill('SIGKILL');
  }
});
