import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertFiles } from '../../src/convert/convert-files.ts';
import { postgresImage, redisImage } from '../support/images.ts';
import { expectBuild, expectRefused } from './support/expect-build.ts';
import { happen } from './support/happen.ts';
import { expectCut, holdRequests, letGo } from './support/held-requests.ts';
import { readScenarios, type Scenario } from './support/scenario.ts';
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
    const one = onRegistry(atTry(scenario, context.task.result?.retryCount ?? 0));
    const { name, files, secrets, runs } = converted(await withShared(one));
    const repository = await world.addProject(`scenarios/${name}`, files, secrets);
    for (const run of runs) {
      if (run.expect.status === 'refused') {
        await expectRefused(world.system, repository, run, context.expect);
        continue;
      }
      const held = await holdRequests(world.system, run.holds);
      context.onTestFinished(() => letGo(held));
      const build = await happen(world.system, repository, run);
      const seen = { system: world.system, build, expect: context.expect };
      await expectBuild(seen, run.expect);
      await expectCut(seen, held, run.expect);
    }
  });
});

/** With the files of ours that those of another format become. */
function converted(scenario: Scenario): Scenario {
  const { convert, files } = scenario;
  if (convert === undefined) return scenario;
  const inputs = Object.entries(files).map(([path, content]) => ({ path, content }));
  const workflows = convertFiles(inputs, convert).workflows.map(({ name, text }) => [
    name === 'default' ? 'slipway.yml' : `.slipway/${name}.yml`,
    text,
  ]);
  return { ...scenario, files: Object.fromEntries(workflows) as Scenario['files'] };
}

/** Makes the project whose files are shared. */
async function withShared(scenario: Scenario): Promise<Scenario> {
  const { name, shared } = scenario;
  if (shared === undefined) return scenario;
  const path = `shared/${name}`;
  const repository = await world.addProject(path, shared);
  const sharedWith = [`scenarios/${name}`];
  await world.system.api('PATCH', `/projects/${encodeURIComponent(path)}`, { sharedWith });
  const commit = repository.git('rev-parse', 'HEAD').trim();
  const text = JSON.stringify(scenario);
  return JSON.parse(text.replaceAll('<shared>', path).replaceAll('<shared-commit>', commit)) as Scenario;
}

/** With the registry's host in its files; what is expected gets it with the rest of what is known then. */
function onRegistry(scenario: Scenario): Scenario {
  return JSON.parse(
    JSON.stringify(scenario).replaceAll('<registry>', world.system.registry.host),
  ) as Scenario;
}

/** What an earlier try left has the scenario's name and its hosts: another try has its own. */
function atTry(scenario: Scenario, retry: number): Scenario {
  if (retry === 0) return scenario;
  const { name } = scenario;
  const text = JSON.stringify({ ...scenario, name: `${name}-${retry}` });
  const ownNames = text.replaceAll(`scenarios/${name}`, `scenarios/${name}-${retry}`);
  return JSON.parse(ownNames.replaceAll('.example.com', `-${retry}.example.com`)) as Scenario;
}
