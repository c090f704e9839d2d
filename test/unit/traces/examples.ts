import type { Span } from '../../../src/traces/span.ts';
import type { TracedBuild, TracedDeployment, TracedStep } from '../../../src/traces/traced.ts';
import { pushOf } from '../../support/record.ts';

export const URL_OF_PAGES = 'https://ci.test';
export const PROJECT = {
  path: 'shop/web',
  cloneUrl: 'https://git.test/shop/web.git',
  hostRepository: 'shop/web',
};

export function stepAt(
  name: string,
  startedAtMs: number,
  finishedAtMs: number,
  changes: Partial<TracedStep> = {},
): TracedStep {
  return {
    attemptId: `att_${name}`,
    workflowAttempt: 1,
    kind: 'step',
    name,
    status: 'success',
    reason: null,
    exitCode: 0,
    startedAtMs,
    finishedAtMs,
    ...changes,
  };
}

/** Received at 1,000, made at 1,100, planned at 1,200, claimed at 2,000, done at 9,000. */
export function buildAt(changes: Partial<TracedBuild> = {}): TracedBuild {
  return {
    id: 'bld_1',
    number: 7,
    project: PROJECT,
    event: pushOf('main'),
    status: 'success',
    reason: null,
    rerunOf: null,
    receivedAtMs: 1_000,
    createdAtMs: 1_100,
    plannedAtMs: 1_200,
    finishedAtMs: 9_000,
    workflow: {
      name: 'default',
      status: 'success',
      reason: null,
      attempt: 1,
      leases: [
        {
          id: 'lea_1',
          attempt: 1,
          worker: { id: 'wrk_1', name: 'ada' },
          grantedAtMs: 2_000,
          endedAtMs: 9_000,
          endReason: 'its work has ended',
        },
      ],
      steps: [
        stepAt('clone', 2_100, 2_500, { kind: 'clone' }),
        stepAt('image', 2_500, 4_000, { kind: 'image' }),
        stepAt('unit', 4_000, 8_000),
        stepAt('push', 4_000, 8_500, { kind: 'push' }),
      ],
    },
    image: {
      built: {
        imageId: 'sha256:1',
        testImageId: 'sha256:1',
        sizeBytes: 10,
        layers: 1,
        cachedSteps: 2,
        totalSteps: 3,
      },
      pushed: {
        repository: 'registry.test/shop/web',
        digest: 'sha256:2',
        bytesPushed: 5,
        bytesReused: 6,
      },
      tags: ['main'],
    },
    ...changes,
  };
}

/** Made at 1,200, claimed at 4,000, switched at 9,500, done at 12,000. */
export function deploymentAt(changes: Partial<TracedDeployment> = {}): TracedDeployment {
  const event = (atMs: number, type: string) => ({ id: `evt_${atMs}`, atMs, type: `deployment.${type}` });
  return {
    id: 'dep_1',
    environment: { id: 'env_1', name: 'production' },
    project: PROJECT,
    cause: 'build',
    status: 'success',
    reason: null,
    logId: 'dep_1',
    build: { id: 'bld_1', event: pushOf('main') },
    imageReference: 'registry.test/shop/web@sha256:2',
    worker: { id: 'wrk_1', name: 'ada' },
    createdAtMs: 1_200,
    finishedAtMs: 12_000,
    events: [
      event(1_200, 'created'),
      event(4_000, 'running'),
      event(4_100, 'phase.pulling'),
      event(5_000, 'phase.starting'),
      event(6_000, 'phase.checking'),
      event(7_000, 'phase.smoking'),
      event(8_000, 'phase.prepared'),
      event(9_100, 'phase.switching'),
      event(9_500, 'phase.draining'),
      event(11_900, 'phase.done'),
      event(12_000, 'success'),
    ],
    ...changes,
  };
}

/** Each span in one line, below its parent: `name start-end`. */
export function outline(spans: readonly Span[]): readonly string[] {
  const depth = (span: Span): number => {
    const parent = spans.find(({ spanId }) => spanId === span.parentId);
    return parent === undefined ? 0 : depth(parent) + 1;
  };
  return spans.map(
    (span) =>
      `${'  '.repeat(depth(span))}${span.name} ${span.startMs}-${span.endMs}${span.error === null ? '' : '!'}`,
  );
}

/** Spans that are not within their parent's time. */
export function outside(spans: readonly Span[]): readonly string[] {
  return spans
    .filter((span) => {
      const parent = spans.find(({ spanId }) => spanId === span.parentId);
      const isBackwards = span.endMs < span.startMs;
      return (
        isBackwards || (parent !== undefined && (span.startMs < parent.startMs || span.endMs > parent.endMs))
      );
    })
    .map(({ name }) => name);
}
