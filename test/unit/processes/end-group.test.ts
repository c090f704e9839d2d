import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../../src/parts/processes.ts';
import { endGroup } from '../../../src/processes/end-group.ts';

/** A shell that leads a group, with a child that holds its output; resolves when both run. */
async function group(script: string): Promise<{ leader: ChildProcess; child: number }> {
  const leader = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(leader.stdout.setEncoding('utf8'), 'data')) as [string];
  return { leader, child: Number(line) };
}

describe('ending a group', () => {
  it('ends what the leader started, too', async () => {
    const { leader, child } = await group('sleep 60 & echo $!; wait');
    endGroup(leader, 60_000);
    expect(await once(leader, 'close')).toEqual([null, 'SIGTERM']);
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  it('ends by force what does not listen', async () => {
    const { leader, child } = await group("trap '' TERM; sleep 60 & echo $!; while :; do wait; done");
    endGroup(leader, 50);
    expect(await once(leader, 'close')).toEqual([null, 'SIGKILL']);
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  it('is silent when all has ended', async () => {
    const { leader } = await group('echo $$');
    if (leader.exitCode === null) await once(leader, 'exit');
    endGroup(leader, 10);
  });
});
