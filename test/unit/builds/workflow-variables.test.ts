import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VariablesInput } from '../../../src/ports/build-variables.ts';
import { makeRecord, runWorkflow } from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

/** What the variables were made of, claim by claim. */
let given: VariablesInput[];
let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  given = [];
  record = await makeRecord(undefined, undefined, (input) => {
    given.push(input);
    return {};
  });
  ada = await record.worker('ada');
  project = await record.project();
});
afterEach(() => record.close());

it('says when the build began to run, not when it was made; another attempt does not change it', async () => {
  const createdAtMs = record.clock.now;
  const { buildId } = await record.build(project);
  const workflow = await record.workflowOf(buildId);
  const startedAtMs = (record.clock.now += 70_000);
  await ada.claimWorkflow(workflow);
  record.clock.now += 5_000;
  await ada.claimWorkflow(workflow);
  await ada.restart();
  await ada.claimWorkflow(workflow, 2);
  const build = { number: 1, createdAtMs, startedAtMs, rerunOf: null, reruns: 0 };
  expect(given).toMatchObject([1, 1, 2].map((attempt) => ({ build, workflow: { attempt } })));
});

it('says how often a build was run again, and what became of the one before', async () => {
  const { buildId } = await record.build(project);
  const workflow = await record.workflowOf(buildId);
  await runWorkflow(await ada.claimWorkflow(workflow), 'failure');
  const again = await record.builds.rerunBuild(buildId);
  await ada.claimWorkflow(await record.workflowOf(again.buildId));
  const third = await record.builds.rerunBuild(again.buildId);
  await ada.claimWorkflow(await record.workflowOf(third.buildId));
  expect(given).toMatchObject([
    { build: { reruns: 0, rerunOf: null }, previous: null },
    { build: { reruns: 1, rerunOf: 1 }, previous: { build: { number: 1, status: 'failure' } } },
    { build: { reruns: 2, rerunOf: 1 }, previous: { build: { number: 2, status: 'running', rerunOf: 1 } } },
  ]);
});
