import { describe, expect, it } from 'vitest';
import { workflowLabel } from '../../../../src/core/matrix-label.ts';
import {
  eventOf,
  type LocalEventKind,
  type LocalRepository,
} from '../../../../src/cli/run/read-repository.ts';
import { onlyCombinations, onlySteps, planRun } from '../../../../src/cli/run/plan-run.ts';

const REPOSITORY: LocalRepository = {
  root: '/repository',
  isRepository: true,
  originUrl: 'https://git.test/shop/web.git',
  projectPath: 'shop/web',
  branch: 'work',
  defaultBranch: 'main',
  head: {
    commit: 'a'.repeat(40),
    message: 'Add a door\n\nWith a bell.',
    author: { name: 'Ann', email: 'ann@example.com' },
    committedAtMs: 1_000,
    tag: 'v1.2.3',
  },
  changedFiles: ['docs/a.md'],
};

function plan(text: string, kind: LocalEventKind = 'push', repository = REPOSITORY, inputs = {}) {
  const files = {
    files: [{ path: 'slipway.yml', text }],
    included: new Map(),
    only: null,
    hasDockerfile: false,
  };
  const planned = planRun(files, repository, { event: eventOf(repository, kind), inputs }, 5_000);
  if ('problems' in planned) throw new Error(JSON.stringify(planned.problems));
  const [only] = planned.workflows;
  if (only === undefined) throw new Error('there is no workflow');
  return { ...only, ref: planned.ref };
}

it('tells steps what a delivery would have told them', () => {
  const steps = 'steps: [{ name: a, image: "node:20", commands: [x] }]';
  const { variables, ref } = plan(steps);
  expect(ref).toBe('refs/heads/work');
  expect(variables).toMatchObject({
    CI: 'slipway',
    CI_REPO: 'shop/web',
    CI_COMMIT_BRANCH: 'work',
    CI_COMMIT_SHA: 'a'.repeat(40),
    CI_COMMIT_MESSAGE: 'Add a door\n\nWith a bell.',
    CI_PIPELINE_EVENT: 'push',
  });
  expect(plan(steps, 'tag')).toMatchObject({
    ref: 'refs/tags/v1.2.3',
    variables: { CI_COMMIT_TAG: 'v1.2.3' },
  });
  expect(plan(steps, 'pull_request').variables).toMatchObject({
    CI_COMMIT_SOURCE_BRANCH: 'work',
    CI_COMMIT_TARGET_BRANCH: 'main',
  });
});

it('weighs conditions on paths by what the branch changed', () => {
  const text = `steps:
  - { name: docs, image: "node:20", commands: [x], when: [{ path: "docs/**" }] }
  - { name: code, image: "node:20", commands: [x], when: [{ path: "src/**" }] }
`;
  const selected = (repository: LocalRepository): readonly boolean[] =>
    plan(text, 'push', repository).plan.steps.map((step) => step.selected);
  expect(selected(REPOSITORY)).toEqual([true, false]);
  expect(selected({ ...REPOSITORY, changedFiles: null }), 'not known').toEqual([true, true]);
});

it('gives the problems of the file with their places', () => {
  const files = {
    files: [{ path: 'x.yml', text: 'steps: [{ nam: a }]' }],
    included: new Map(),
    only: null,
    hasDockerfile: false,
  };
  const planned = planRun(files, REPOSITORY, { event: eventOf(REPOSITORY, 'push'), inputs: {} }, 0);
  expect(planned).toMatchObject({ problems: [{ file: 'x.yml', line: 1 }, {}, {}] });
});

const CHAIN = `image: {}
steps:
  - { name: a, commands: [x] }
  - { name: b, image: "node:20", commands: [x] }
  - { name: c, image: "node:20", commands: [x], when: [{ event: tag }] }
  - { name: d, image: "node:20", commands: [x], when: [{ status: [failure] }] }
`;

it('keeps the steps that are named, in their order, and the image only where one needs it', () => {
  const whole = plan(CHAIN).plan;
  const some = onlySteps(whole, ['d', 'b']);
  expect(some.steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['b', []],
    ['d', ['b']],
  ]);
  expect(some.image).toBeNull();
  expect(onlySteps(whole, ['a']).image).not.toBeNull();
  expect(onlySteps(whole, [])).toBe(whole);
});

it('runs a step that is named whatever its `when` says', () => {
  const { steps } = onlySteps(plan(CHAIN).plan, ['c', 'd']);
  expect(steps.map(({ selected, runsOn }) => [selected, runsOn])).toEqual([
    [true, ['success', 'failure']],
    [true, ['success', 'failure']],
  ]);
});

describe('several workflows', () => {
  const step = (name: string): string => `steps: [{ name: ${name}, image: "node:20", commands: [x] }]\n`;
  const files = [
    { path: '.slipway/a.yml', text: `depends_on: [b, c]\n${step('last')}` },
    { path: '.slipway/b.yml', text: `depends_on: c\n${step('then')}` },
    { path: '.slipway/c.yml', text: `matrix: { N: [1, 2], M: [x] }\n${step('first')}` },
  ];
  const planned = (only: string | null) => {
    const all = { files, included: new Map(), only, hasDockerfile: false };
    const outcome = planRun(all, REPOSITORY, { event: eventOf(REPOSITORY, 'push'), inputs: {} }, 0);
    if ('problems' in outcome) throw new Error(JSON.stringify(outcome.problems));
    return outcome.workflows;
  };

  it('come after those that they wait for, each with its own name for its steps', () => {
    expect(planned(null).map((one) => [workflowLabel(one), one.variables['CI_WORKFLOW_NAME']])).toEqual([
      ['c (N=1, M=x)', 'c'],
      ['c (N=2, M=x)', 'c'],
      ['b', 'b'],
      ['a', 'a'],
    ]);
  });

  it('one that is named runs alone, whatever it depends on', () => {
    expect(planned('.slipway/b.yml').map(({ name, dependsOn }) => [name, dependsOn])).toEqual([['b', []]]);
  });

  it('of a matrix the combinations that are named, beside what is of none', () => {
    const labels = (wanted: Record<string, string>) =>
      onlyCombinations(planned(null), wanted).map((one) => workflowLabel(one));
    expect(labels({ N: '2', M: 'x' })).toEqual(['c (N=2, M=x)', 'b', 'a']);
    expect(labels({})).toHaveLength(4);
    expect(() => labels({ N: '3' })).toThrow('no combination has N=3');
  });
});

it('a run by hand has the inputs that were given, and refuses what the file does not ask for', () => {
  const text = `inputs: { level: { type: number, max: 3 }, who: { default: ada } }
steps: { a: { image: "busybox:1.36", commands: x } }
`;
  const of = (kind: LocalEventKind, inputs: Record<string, string>) =>
    plan(text, kind, REPOSITORY, inputs).plan.steps[0]?.environment;
  expect(of('manual', { level: '2' })).toEqual({ CI_INPUT_LEVEL: '2', CI_INPUT_WHO: 'ada' });
  expect(of('push', {})).toEqual({ CI_INPUT_WHO: 'ada' });
  expect(() => of('manual', { level: '4', x: '' })).toThrow(/no input `x`.*`level` cannot be `4`/);
});

it('the name of a step that is split stands for all of its shares, and that of a share for it alone', () => {
  const { plan: whole } = plan(
    'image: {}\nsteps: { a: { commands: x }, b: { commands: x, split: 2 }, c: { commands: x } }',
  );
  const names = (...chosen: string[]) =>
    onlySteps(whole, chosen).steps.map(({ name, dependsOn }) => [name, dependsOn]);
  expect(names('b', 'c')).toEqual([
    ['b 1/2', []],
    ['b 2/2', []],
    ['c', ['b 1/2', 'b 2/2']],
  ]);
  expect(names('b 2/2')).toEqual([['b 2/2', []]]);
  expect(() => names('b 3/2')).toThrow('did you mean');
});
