import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  process.stdin.on('data', () => {
    globalThis.held = Array.from({ length: 150_000 }, (_, n) => ({ n, text: 'text ' + n }));
    setTimeout(() => {
      globalThis.held = null;
      console.log('rests again');
    }, 50);
  });
`;

it('a process at rest holds no pages of the work before, also of little work', async () => {
  const child = spawn(process.execPath, [...NODE_FLAGS, '--input-type=module', '-e', WORK], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    child.stdout.setEncoding('utf8');
    let said = '';
    const hear = async (word: string): Promise<void> => {
      while (!said.includes(word)) said += ((await once(child.stdout, 'data')) as [string])[0];
    };
    await hear('rests');
    await expect.poll(() => residentMb(child), { timeout: 10_000 }).toBeLessThan(120);
    await sleep(500);
    const restedMb = await residentMb(child);
    child.stdin.write('work');
    await hear('rests again');
    expect(await residentMb(child)).toBeGreaterThan(restedMb + 12);
    await expect.poll(() => residentMb(child), { timeout: 10_000 }).toBeLessThan(restedMb + 8);
  } finally {
    child.kill('SIGKILL');
  }
});
