import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, type ExpectStatic } from 'vitest';
import { playScenario } from '../scenarios/support/play-scenario.ts';
import { readScenarios, type Scenario } from '../scenarios/support/scenario.ts';
import { keysOfSchema } from '../scenarios/support/schema-keys.ts';
import { takeOut } from '../scenarios/support/take-out.ts';
import { startWorld, type World } from '../scenarios/support/world.ts';
import { postgresImage, redisImage } from '../support/images.ts';

/*
 * Each key of the grammar, taken out of a scenario's file: that scenario is played on the real engine, and what it expects
 * does not come; with the key, played in the same way, it comes. `npm run scenario-keys`. `npm test` looks at the plans
 * alone (`test/unit/pipeline/scenario-keys.test.ts`).
 */
const IS_ASKED = process.env['SLIPWAY_SCENARIO_KEYS'] === '1';
/** A scenario that waits in vain for longer has another outcome. */
const MOST_MS = 100_000;
/** Of a key, scenarios that are played until one has another outcome. */
const MOST_PLAYED = 6;

const schema = readFileSync(new URL('../../docs/slipway.schema.json', import.meta.url), 'utf8');
const keys = [...keysOfSchema(JSON.parse(schema))].filter((key) => !key.includes('='));
const scenarios = readScenarios().filter(({ convert }) => convert === undefined);

let world: World;
beforeAll(async () => {
  if (!IS_ASKED) return;
  await redisImage();
  await postgresImage();
  world = await startWorld({ capacity: 4, backends: 250 });
});
afterAll(() => (IS_ASKED ? world.stop() : undefined));

describe.runIf(IS_ASKED).concurrent('a scenario without', () => {
  it.for(IS_ASKED ? keys : ['any key (`npm run scenario-keys`)'])(
    '%s has another outcome',
    { timeout: MOST_PLAYED * MOST_MS, retry: 0 },
    async (key, context) => {
      const failed = (scenario: Scenario, suffix: string): Promise<string | null> =>
        playScenario(scenario, {
          ...{ world, expect: strict(context.expect), suffix },
          onOver: (undo) => context.onTestFinished(undo),
        }).then(
          () => null,
          (error: unknown) => String(error),
        );
      const played: string[] = [];
      for (const { scenario, original } of without(key).slice(0, MOST_PLAYED)) {
        const why = await failed(scenario, `-${keys.indexOf(key)}-${played.length}`);
        if (why !== null) {
          context.expect(await asItIs(original, failed), `${original.name} with its keys`).toBeNull();
          return console.log(`${key} (${original.name}): ${why.split('\n')[0]?.slice(0, 160) ?? ''}`);
        }
        played.push(original.name);
      }
      expect.fail(`nothing of ${played.join(', ')} changes without \`${key}\``);
    },
  );
});

/** What a scenario's play with all of its keys fails with; each is played once. */
const plays = new Map<string, Promise<string | null>>();
function asItIs(
  scenario: Scenario,
  failed: (scenario: Scenario, suffix: string) => Promise<string | null>,
): Promise<string | null> {
  const { name } = scenario;
  if (!plays.has(name)) plays.set(name, failed(scenario, '-whole'));
  return plays.get(name) ?? Promise.resolve(null);
}

/** A soft assertion would fail the test that looks for one that fails. */
function strict(of: ExpectStatic): ExpectStatic {
  return new Proxy(of, {
    get: (target, name): unknown => (name === 'soft' ? target : Reflect.get(target, name)),
  });
}

interface Without {
  readonly original: Scenario;
  readonly scenario: Scenario;
}

/** Scenarios without a key at one of its places; those with the fewest events first, as they are the quickest. */
function without(key: string): readonly Without[] {
  const last = key.slice(key.lastIndexOf('.') + 1);
  return scenarios
    .flatMap((scenario) =>
      placesOf(scenario, last, key).map((changed) => ({ original: scenario, scenario: changed })),
    )
    .sort((a, b) => a.scenario.runs.length - b.scenario.runs.length);
}

function placesOf(scenario: Scenario, last: string, key: string): readonly Scenario[] {
  return Object.entries(scenario.files).flatMap(([path, text]) =>
    isPipeline(path) && text.includes(last)
      ? takeOut(text, key).map((changed) => ({ ...scenario, files: { ...scenario.files, [path]: changed } }))
      : [],
  );
}

const isPipeline = (path: string): boolean => path === 'slipway.yml' || path.startsWith('.slipway/');
