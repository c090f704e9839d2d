import type { ExpectStatic } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import { expectBuild, expectRefused } from './expect-build.ts';
import { happen } from './happen.ts';
import { expectCut, holdRequests, letGo } from './held-requests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** What a scenario is played with. */
export interface Playing {
  readonly world: World;
  readonly expect: ExpectStatic;
  /** Called when it is over, however. */
  readonly onOver: (undo: () => void) => void;
  /** What an earlier play of it left has its name and its hosts: each has its own. */
  readonly suffix: string;
}

/** Makes the project of a scenario, has its events happen, and holds what it expects of each. */
export async function playScenario(
  scenario: Scenario,
  { world, expect, onOver, suffix }: Playing,
): Promise<void> {
  const { system } = world;
  const one = onRegistry(withSuffix(scenario, suffix), system.registry.host);
  const { name, files, secrets, runs } = converted(await withShared(one, world));
  const repository = await world.addProject(`scenarios/${name}`, files, secrets);
  for (const run of runs) {
    if (run.expect.status === 'refused') {
      await expectRefused(system, repository, run, expect);
      continue;
    }
    const held = await holdRequests(system, run.holds);
    onOver(() => letGo(held));
    const build = await happen(system, repository, run);
    const seen = { system, build, expect };
    await expectBuild(seen, run.expect);
    await expectCut(seen, held, run.expect);
  }
}

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
async function withShared(scenario: Scenario, world: World): Promise<Scenario> {
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
function onRegistry(scenario: Scenario, host: string): Scenario {
  return JSON.parse(JSON.stringify(scenario).replaceAll('<registry>', host)) as Scenario;
}

function withSuffix(scenario: Scenario, suffix: string): Scenario {
  if (suffix === '') return scenario;
  const { name } = scenario;
  const text = JSON.stringify({ ...scenario, name: `${name}${suffix}` });
  const ownNames = text.replaceAll(`scenarios/${name}`, `scenarios/${name}${suffix}`);
  return JSON.parse(ownNames.replaceAll('.example.com', `${suffix}.example.com`)) as Scenario;
}
