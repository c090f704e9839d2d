import { expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait.ts';
import { startGround } from './ground.ts';
import { buildOf } from './phase.ts';
import { addProjects, pushTo } from './projects.ts';
import { runPathRounds } from './run-rounds.ts';

/* The short form of `npm run chaos`: real builds and deployments, a fault in each round. */
test('no fault loses a push, a byte of a log or a request, and nothing is left of it', async () => {
  const faults = [
    { victim: 'server', fault: 'kill' },
    { victim: 'worker', fault: 'kill' },
    { victim: 'redis', fault: 'flush' },
    { victim: 'registry', fault: 'cut' },
  ] as const;
  const rounds = await runPathRounds({ rounds: faults.length, seed: 4, faults });
  expect(rounds.map(({ problems }) => problems)).toEqual(faults.map(() => []));
  expect(rounds.map(({ victim }) => victim)).toEqual(faults.map(({ victim }) => victim));
}, 400_000);

test('a build that is placed while its engine is away waits for it', async () => {
  const ground = await startGround();
  try {
    const { talks } = await addProjects(ground);
    process.kill(ground.engine.pid, 'SIGKILL');
    await ground.engine.stop();
    const { commit } = await pushTo(ground.system, 'talks', talks, 'away');
    await sleep(2_000);
    expect(await buildOf(ground.system, commit)).toMatchObject({ status: 'pending' });
    await ground.startEngine();
    const ended = async () => {
      const build = await buildOf(ground.system, commit);
      return build?.finishedAtMs == null ? null : build;
    };
    expect(await waitFor('it ends', ended, 60_000)).toMatchObject({ status: 'success' });
  } finally {
    await ground.stop();
  }
}, 200_000);
