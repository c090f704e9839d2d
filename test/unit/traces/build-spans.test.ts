import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spanIdOf, traceOf } from '../../../src/core/trace-context.ts';
import { buildSpans } from '../../../src/traces/build-spans.ts';
import type { TracedBuild, TracedWorkflow } from '../../../src/traces/traced.ts';
import { buildAt, outline, outside, stepAt, URL_OF_PAGES } from './examples.ts';

const spansOf = (changes: Partial<TracedBuild> = {}) => buildSpans(buildAt(changes), URL_OF_PAGES);
const workflowOf = (changes: Partial<TracedWorkflow>): TracedWorkflow => ({
  ...(buildAt().workflow as TracedWorkflow),
  ...changes,
});

it('a green build is one tree, from the receipt of its delivery to its end', () => {
  expect(outline(spansOf())).toEqual([
    'BUILD shop/web 1000-9000',
    '  intake 1000-1200',
    '  waiting 1200-2000',
    '  workflow default 2000-9000',
    '    checkout 2100-2500',
    '    image 2500-4000',
    '    step unit 4000-8000',
    '    push 4000-8500',
  ]);
});

it('ids follow from those of the record, and are told apart', () => {
  const spans = spansOf();
  expect(spansOf()).toEqual(spans);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([traceOf('bld_1').traceId]));
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  for (const { traceId, spanId } of spans) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  }
  expect(spans.find(({ name }) => name === 'step unit')?.spanId).toBe(spanIdOf('att_unit'));
  expect(spansOf({ id: 'bld_2' })[0]?.traceId).not.toBe(spans[0]?.traceId);
});

it('spans tell what the conventions for CI/CD ask for', () => {
  const [root, , , workflow, , image, step, push] = spansOf();
  expect(root).toMatchObject({
    kind: 'server',
    parentId: null,
    attributes: {
      'cicd.pipeline.action.name': 'BUILD',
      'cicd.pipeline.result': 'success',
      'error.type': null,
    },
  });
  expect(workflow?.attributes).toMatchObject({
    'cicd.pipeline.task.run.id': 'lea_1',
    'cicd.worker.id': 'wrk_1',
    'cicd.worker.name': 'ada',
  });
  expect(image?.attributes).toMatchObject({
    'cicd.pipeline.task.type': 'build',
    'container.image.id': 'sha256:1',
  });
  expect(step?.attributes).toEqual({
    'cicd.pipeline.task.name': 'unit',
    'cicd.pipeline.task.run.id': 'att_unit',
    'cicd.pipeline.task.run.url.full': 'https://ci.test/builds/bld_1?log=att_unit',
    'cicd.pipeline.task.run.result': 'success',
    'cicd.pipeline.task.type': 'test',
    'error.type': null,
    'process.exit.code': 0,
  });
  expect(push?.attributes).toMatchObject({
    'container.image.name': 'registry.test/shop/web',
    'container.image.repo_digests': ['registry.test/shop/web@sha256:2'],
    'container.image.tags': ['main'],
  });
});

it('a failure is one of its step, its workflow and its build, and not of what went well', () => {
  const failed = { status: 'failure', reason: 'step unit: exit code 3' } as const;
  const unit = stepAt('unit', 4_000, 8_000, { status: 'failure', reason: 'exit code 3', exitCode: 3 });
  const spans = spansOf({ ...failed, workflow: workflowOf({ ...failed, steps: [unit] }) });
  expect(outline(spans)).toEqual([
    'BUILD shop/web 1000-9000!',
    '  intake 1000-1200',
    '  waiting 1200-2000',
    '  workflow default 2000-9000!',
    '    step unit 4000-8000!',
  ]);
  expect(spans[0]).toMatchObject({
    error: 'step unit: exit code 3',
    attributes: { 'cicd.pipeline.result': 'failure', 'error.type': 'failure' },
  });
  expect(spans.at(-1)).toMatchObject({ error: 'exit code 3', attributes: { 'process.exit.code': 3 } });
});

it('a build that a person ended is cancelled, which is no error', () => {
  const cancelled = { status: 'cancelled', reason: 'cancelled by ada' } as const;
  const unit = stepAt('unit', 4_000, 9_000, { ...cancelled, exitCode: null });
  const spans = spansOf({ ...cancelled, workflow: workflowOf({ ...cancelled, steps: [unit] }) });
  expect(spans.map(({ error }) => error)).toEqual([null, null, null, null, null]);
  expect(spans[0]?.attributes).toMatchObject({ 'cicd.pipeline.result': 'cancellation', 'error.type': null });
});

it('a file with errors is an intake that failed, and nothing after it', () => {
  const reason = 'the pipeline file has 1 error';
  const spans = spansOf({ status: 'failure', reason, plannedAtMs: null, workflow: null, image: null });
  expect(outline(spans)).toEqual(['BUILD shop/web 1000-9000!', '  intake 1000-9000!']);
});

it('each attempt of a workflow has a span of its own, with its own steps and the waiting before it', () => {
  const [lease] = workflowOf({}).leases;
  if (lease === undefined) throw new Error('no lease');
  const lost = { ...lease, id: 'lea_0', endedAtMs: 3_000, endReason: 'it was not heard of' };
  const next = { ...lease, attempt: 2, grantedAtMs: 5_000 };
  const first = stepAt('clone', 2_100, 3_000, {
    attemptId: 'att_0',
    kind: 'clone',
    status: 'error',
    reason: 'worker lost',
  });
  const again = stepAt('clone', 5_000, 5_500, { workflowAttempt: 2, kind: 'clone' });
  const spans = spansOf({
    workflow: workflowOf({ attempt: 2, leases: [lost, next], steps: [first, again] }),
  });
  expect(outline(spans)).toEqual([
    'BUILD shop/web 1000-9000',
    '  intake 1000-1200',
    '  waiting 1200-2000',
    '  waiting 3000-5000',
    '  workflow default 2000-3000!',
    '    checkout 2100-3000!',
    '  workflow default 5000-9000',
    '    checkout 5000-5500',
  ]);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

it('a build that nobody took up has waited to its end', () => {
  const cancelled = { status: 'cancelled', reason: 'cancelled' } as const;
  const workflow = workflowOf({ ...cancelled, leases: [], steps: [] });
  expect(outline(spansOf({ ...cancelled, workflow, image: null }))).toEqual([
    'BUILD shop/web 1000-9000',
    '  intake 1000-1200',
    '  waiting 1200-9000',
  ]);
});

it('one that runs another again links to its trace', () => {
  expect(spansOf({ rerunOf: 'bld_0' })[0]?.links).toEqual([traceOf('bld_0')]);
  expect(spansOf({ receivedAtMs: null })[0]?.startMs).toBe(1_100);
});

it('no span is outside of its parent, whatever the clocks of workers said', () => {
  const time = fc.integer({ min: 0, max: 20_000 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(time, time), { maxLength: 5 }),
      fc.array(time, { minLength: 6, maxLength: 6 }),
      (steps, times) => {
        const [received = 0, created = 0, planned = 0, granted = 0, ended = 0, finished = 0] = times;
        const [lease] = workflowOf({}).leases;
        if (lease === undefined) throw new Error('no lease');
        const spans = spansOf({
          receivedAtMs: received,
          createdAtMs: created,
          plannedAtMs: planned,
          finishedAtMs: finished,
          workflow: workflowOf({
            leases: [{ ...lease, grantedAtMs: granted, endedAtMs: ended }],
            steps: steps.map(([from, to], index) => stepAt(`step-${index}`, from, to)),
          }),
        });
        expect(outside(spans)).toEqual([]);
      },
    ),
  );
});
