import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WorkflowLabels } from '../../../../worker/engine/labels.ts';
import type { Engine } from '../../../../worker/engine/engine.ts';
import { makeVolumes } from '../../../../worker/steps/make-volumes.ts';
import { planOf, stepOf } from '../../../support/record.ts';

const LABELS = { lease: 'l1' } as WorkflowLabels;
const PLAN = planOf({
  steps: Array.from({ length: 40 }, (_, i) =>
    stepOf(`s${i}`, { volumes: [{ name: `v${i}`, path: '/v', readOnly: false }] }),
  ),
});

/** An engine that makes volumes, each when the loop has turned a few times, or not: as `make` says. */
function volumeEngine(make: (nth: number) => void) {
  const told = { asked: 0, made: 0, atATime: 0, most: 0 };
  const createVolume = async () => {
    const nth = ++told.asked;
    told.most = Math.max(told.most, ++told.atATime);
    try {
      for (let turns = nth === 1 ? 1 : 5; turns > 0; turns--) await turn();
      make(nth);
      told.made++;
    } finally {
      told.atATime--;
    }
  };
  return { told, engine: { createVolume } as unknown as Engine };
}

const SETTINGS = { helperPath: null };

test('volumes are made a few at a time, and none more once the workflow is to end', async () => {
  const ending = new AbortController();
  const { engine, told } = volumeEngine((nth) => {
    if (nth === 10) ending.abort(new Error('cancelled'));
  });
  await expect(makeVolumes(engine, LABELS, PLAN, SETTINGS, ending.signal)).rejects.toThrow('cancelled');
  expect(told.most).toBeLessThanOrEqual(8);
  expect(told).toMatchObject({ asked: 16, made: 16, atATime: 0 });
});

test('when one cannot be made, nothing is under way any more: what cleans up sees all that there is', async () => {
  const { engine, told } = volumeEngine((nth) => {
    if (nth === 1) throw new Error('no room');
  });
  const { signal } = new AbortController();
  await expect(makeVolumes(engine, LABELS, PLAN, SETTINGS, signal)).rejects.toThrow('no room');
  expect(told).toMatchObject({ asked: 8, made: 7, atATime: 0 });
});
