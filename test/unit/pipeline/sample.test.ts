import { expect, test } from 'vitest';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, fork, inputOf, lint, planOf, sample } from './support.ts';

test('the sample file of the design has no problem, and a warning of each secret that pull requests reach', () => {
  expect(lint(sample)).toEqual(['7:13 secret_in_pull_request', '26:14 secret_in_pull_request']);
});

test('the sample file means exactly this for a push to main', async () => {
  const plan = JSON.stringify(planOf(sample), null, 2);
  await expect(`${plan}\n`).toMatchFileSnapshot('../../fixtures/pipeline/sample.plan.json');
});

test('the sample file builds and tests any other event, and publishes nothing for it', () => {
  for (const event of [EVENTS.feature, EVENTS.pull, EVENTS.tag, fork]) {
    const plan = planOf(sample, event);
    expect(plan.steps.map(({ selected }) => selected)).toEqual([true, true, true]);
    expect([plan.push, plan.deploys]).toEqual([null, []]);
  }
});

test('the same file written as maps, with CRLF and a byte-order mark, gives the same plan', () => {
  const rewritten = `\uFEFF${sample
    .replace(/ {2}- name: (unit|lint|integration)/g, '  $1:')
    .replace('  - environment: staging', '    environment: staging')
    .replaceAll('\n', '\r\n')}`;
  expect(rewritten).not.toContain('- name');
  expect(planOf(rewritten)).toEqual(planOf(sample));
});

test('a repository with only a Dockerfile builds and publishes; the tags say commit, default branch, tag', () => {
  const { commit } = EVENTS.push;
  expect(planOf(null)).toEqual({
    image: {
      dockerfile: 'Dockerfile',
      context: '.',
      target: null,
      testTarget: null,
      args: {},
      secrets: [],
      timeoutMs: 3_600_000,
    },
    services: [],
    steps: [],
    push: { repository: 'shop/web', tags: [commit, 'main'] },
    deploys: [],
  });
  expect(planOf(null, EVENTS.manual).push?.tags).toEqual([commit, 'main']);
  expect(planOf(null, EVENTS.feature).push?.tags).toEqual([commit]);
  expect(planOf(null, EVENTS.tag).push?.tags).toEqual([commit, 'v1.2.3']);
  expect(planOf(null, EVENTS.pull).push).toBeNull();
});

test('a repository with neither file nor Dockerfile is told what to add', () => {
  const outcome = planPipeline(inputOf(null, EVENTS.push, { hasDockerfile: false }));
  expect(outcome.plan).toBeNull();
  expect(outcome.problems).toMatchObject([
    { code: 'pipeline_missing', line: 1, column: 1, file: 'slipway.yml' },
  ]);
});

test('problems leave no plan; warnings leave it as it is', () => {
  const wrong = planPipeline(inputOf('stepps: []\npush: { tags: latest }', EVENTS.push));
  expect(wrong.plan).toBeNull();
  expect(wrong.problems.map(({ code }) => code)).toEqual(['key_unknown']);
  expect(wrong.warnings.map(({ code }) => code)).toEqual(['tag_mutable']);
  const mutable = planPipeline(inputOf('push: { tags: latest }', EVENTS.push));
  expect(mutable.plan?.workflows[0]?.plan.push?.tags).toEqual(['latest']);
  expect(mutable.warnings).toHaveLength(1);
});
