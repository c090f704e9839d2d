import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../worker/engine/engine.ts';
import { ORDINARY, importBusyboxImage, sharedEngine } from './support.ts';
import { runTestWorkflow } from './workflow-harness.ts';

const IMAGE = 'slipway-test-many:ordinary';

let engine: Engine;
beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
});
afterAll(async () => {
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
});

it('has an address for each attempt of many short steps, while the engine gives back those of others', async () => {
  const steps = Array.from({ length: 60 }, (_, n) => ({
    name: `s${n}`,
    dependsOn: [],
    retry: { count: 2, delayMs: 0, exitCodes: null },
    commands: [`test -e s${n} || { touch s${n}; exit 1; }`],
  }));
  const { outcome, ends, left } = await runTestWorkflow(engine, { image: IMAGE, steps });
  const wrong = Object.values(ends).flatMap(({ status, reason }) =>
    status === 'success' ? [] : [`${status}: ${reason}`],
  );
  expect(wrong).toEqual([]);
  expect(outcome.status).toBe('success');
  expect(left).toEqual([]);
}, 240_000);
