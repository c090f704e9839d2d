import { expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait.ts';
import { startGround } from './ground.ts';
import { mayMakeDisks } from './disk.ts';
import { FAULTS } from './faults.ts';
import { buildOf } from './phase.ts';
import { drawRounds, pairOf, planName, readPlan } from './plan-rounds.ts';
import { addProjects, pushTo } from './projects.ts';
import { runPathRounds } from './run-rounds.ts';

/* The short form of `npm run chaos`: real builds and deployments, a fault in each round. */
test('no fault loses a push, a byte of a log or a request, and nothing is left of it', async () => {
  const onDisks = ['server fill', 'server power'];
  // A power cut kills the server too; a flush is among the rounds of the leases.
  const all = ['server clock', 'worker kill', 'registry cut', ...onDisks];
  // A mount needs root.
  const names = all.filter((name) => mayMakeDisks() || !onDisks.includes(name));
  const faults = FAULTS.filter(({ victim, fault }) => names.includes(`${victim} ${fault}`));
  const rounds = await runPathRounds({ rounds: faults.length, seed: 4, faults });
  expect(rounds.map(({ name, problems }) => [name, ...problems])).toEqual(rounds.map(({ name }) => [name]));
  const seen = rounds.map(({ plan: { victim, fault } }) => `${victim} ${fault}`);
  expect(seen.sort()).toEqual(names.sort());
}, 600_000);

test('a run plans each fault in each phase, the same for the same seed, and what it missed once more', () => {
  const run = (rounds: number, isMissed = (_: string): boolean => false) => {
    const [draw, covered] = [drawRounds(7, FAULTS), new Set<string>()];
    return Array.from({ length: rounds }, () => {
      const plan = draw.next(covered);
      if (!isMissed(pairOf(plan))) covered.add(pairOf(plan));
      return plan;
    });
  };
  const plans = run(240);
  expect(plans).toEqual(run(240));
  expect(plans.map((plan) => readPlan(planName(plan)))).toEqual(plans);
  const pairs = new Set(plans.map(pairOf));
  expect(pairs.size).toBe(FAULTS.length * 7);
  const [once] = plans;
  const missed = once === undefined ? '' : pairOf(once);
  expect(pairOf(run(pairs.size + 1, (pair) => pair === missed).at(-1) ?? plans[1]!)).toBe(missed);
});

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
