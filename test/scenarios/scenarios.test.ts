import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresImage, redisImage } from '../support/images.ts';
import { playScenario } from './support/play-scenario.ts';
import { readScenarios } from './support/scenario.ts';
import { keysOfFile, keysOfSchema } from './support/schema-keys.ts';
import { startWorld, type World } from './support/world.ts';

const scenarios = readScenarios();
let world: World;

beforeAll(async () => {
  await redisImage();
  await postgresImage();
  world = await startWorld({ capacity: 4, backends: 64 });
});

afterAll(() => world.stop());

describe('the scenarios', () => {
  it('cover every key of the grammar, and every value of a closed set', () => {
    const file = new URL('../../docs/slipway.schema.json', import.meta.url);
    const accepted = scenarios.flatMap(({ files, runs }) =>
      runs
        .filter((run) => run.expect.problems.length === 0)
        .flatMap((run) => Object.entries({ ...files, ...run.files }))
        .filter(([path]) => path === 'slipway.yml' || path.startsWith('.slipway/'))
        .map(([, text]) => text ?? '{}'),
    );
    const used = new Set(accepted.flatMap((text) => [...keysOfFile(text)]));
    const keys = keysOfSchema(JSON.parse(readFileSync(file, 'utf8')));
    expect([...keys].filter((key) => !used.has(key))).toEqual([]);
  });
});

describe.concurrent('a scenario', () => {
  it.for(scenarios)('$name: $title', { timeout: 150_000 }, async (scenario, context) => {
    const { retryCount = 0 } = context.task.result ?? {};
    await playScenario(scenario, {
      ...{ world, expect: context.expect },
      onOver: (undo) => context.onTestFinished(undo),
      suffix: retryCount === 0 ? '' : `-${retryCount}`,
    });
  });
});
