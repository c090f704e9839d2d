import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { keyOf, type IncludedFiles } from '../../../src/pipeline/include/included-file.ts';
import { inputsOf } from '../../../src/pipeline/inputs.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { readWorkflows } from '../../../src/pipeline/read-workflows.ts';
import { readScenarios, type Run, type Scenario } from '../../scenarios/support/scenario.ts';
import { keysOfSchema } from '../../scenarios/support/schema-keys.ts';
import { takeOut } from '../../scenarios/support/take-out.ts';
import { EVENTS, inputOf } from './support.ts';

type Files = Readonly<Record<string, string>>;

const SHARED = { project: 'team/shared', commit: '89abcdef0123456789abcdef0123456789abcdef' };

test('each key of the grammar is in a scenario whose plan, form or schedules are others without it', () => {
  const schema = readFileSync(new URL('../../../docs/slipway.schema.json', import.meta.url), 'utf8');
  const keys = [...keysOfSchema(JSON.parse(schema))].filter((key) => !key.includes('='));
  const runs = readScenarios()
    .filter(({ convert }) => convert === undefined)
    .flatMap(runsOf);
  const idle = keys.filter((key) => !runs.some((one) => changes(one, key)));
  expect(idle).toEqual([]);
});

interface ScenarioRun {
  readonly run: Run;
  readonly files: Files;
  readonly shared: Files;
  /** What the files mean. */
  readonly meaning: string;
}

/** Its runs that make a build, each with all files that the repository then has. */
function runsOf(scenario: Scenario): readonly ScenarioRun[] {
  const text = JSON.stringify(scenario)
    .replaceAll('<shared-commit>', SHARED.commit)
    .replaceAll('<shared>', SHARED.project)
    .replaceAll('<registry>', 'registry.example.com');
  const { files, shared = {}, runs } = JSON.parse(text) as Scenario;
  let all: Files = files;
  return runs.flatMap((run) => {
    const changed = Object.entries({ ...all, ...run.files });
    all = Object.fromEntries(changed.flatMap(([path, one]) => (one === null ? [] : [[path, one]])));
    if (run.expect.problems.length > 0) return [];
    return [{ run, files: all, shared, meaning: meaningOf(run, all, shared) }];
  });
}

function changes({ run, files, shared, meaning }: ScenarioRun, key: string): boolean {
  const last = key.slice(key.lastIndexOf('.') + 1);
  return Object.entries(files).some(
    ([path, text]) =>
      isPipeline(path) &&
      text.includes(last) &&
      takeOut(text, key).some((without) => meaningOf(run, { ...files, [path]: without }, shared) !== meaning),
  );
}

const isPipeline = (path: string): boolean => path === 'slipway.yml' || path.startsWith('.slipway/');

/** Problems, plan, form and schedules. */
function meaningOf(run: Run, files: Files, shared: Files): string {
  const read = (all: Files, origin: typeof SHARED | null) =>
    Object.entries(all).map(([file, text]) => [keyOf({ origin, file }), { kind: 'file', text }] as const);
  const included: IncludedFiles = new Map([...read(files, null), ...read(shared, SHARED)]);
  const pipeline = Object.entries(files)
    .filter(([path]) => isPipeline(path))
    .map(([path, text]) => ({ path, text }));
  const hasDockerfile = 'Dockerfile' in files;
  const { plan, problems } = planPipeline(
    inputOf(null, eventOf(run), {
      files: pipeline,
      included,
      hasDockerfile,
      changedFiles: Object.keys(run.files),
    }),
  );
  const specs = readWorkflows(pipeline, { hasDockerfile, included }).flatMap(({ spec }) => spec ?? []);
  const asked = specs.map(({ inputs, cron }) => [
    inputsOf(inputs),
    cron.map((one) => [one.name.value, one.schedule.value, one.timezone.value]),
  ]);
  return JSON.stringify([plan, problems.map(({ code }) => code), asked]);
}

function eventOf({ event, branch, tag = 'v1', message }: Run): RepositoryEvent {
  switch (event) {
    case 'tag':
      return { ...EVENTS.tag, message, tag };
    case 'pull_request':
      return { ...EVENTS.pull, message, sourceBranch: branch };
    default:
      return { ...EVENTS[event], message, branch };
  }
}
