import { expect, it } from 'vitest';
import { traceOf } from '../../../src/core/trace-context.ts';
import { deploymentSpans } from '../../../src/traces/deployment-spans.ts';
import type { TracedDeployment } from '../../../src/traces/traced.ts';
import { deploymentAt, outline, outside, URL_OF_PAGES } from './examples.ts';

const spansOf = (changes: Partial<TracedDeployment> = {}) =>
  deploymentSpans(deploymentAt(changes), URL_OF_PAGES);
const upTo = (count: number) => deploymentAt().events.slice(0, count);

it('a deployment of a build is part of that trace, over its phases up to the switch and the drain', () => {
  const spans = spansOf();
  expect(outline(spans)).toEqual([
    'deploy production 1200-12000',
    '  waiting 1200-4000',
    '  prepare 4000-5000',
    '  start 5000-6000',
    '  health 6000-7000',
    '  smoke 7000-8000',
    '  switch 8000-9500',
    '  drain 9500-11900',
  ]);
  expect(outside(spans)).toEqual([]);
  expect(spansOf()).toEqual(spans);
  expect(spans[0]).toMatchObject({
    traceId: traceOf('bld_1').traceId,
    parentId: traceOf('bld_1').spanId,
    kind: 'internal',
    links: [],
    attributes: {
      'deployment.id': 'dep_1',
      'deployment.environment.name': 'production',
      'deployment.status': 'succeeded',
      'cicd.pipeline.task.type': 'deploy',
      'cicd.pipeline.task.run.result': 'success',
      'cicd.pipeline.task.run.url.full': 'https://ci.test/builds/bld_1?log=dep_1',
      'container.image.name': 'registry.test/shop/web',
      'container.image.repo_digests': ['registry.test/shop/web@sha256:2'],
    },
  });
});

it.each(['rollback', 'manual'] as const)('a %s is a trace of its own that links to the build', (cause) => {
  const [top, ...phases] = spansOf({ cause });
  expect(top).toMatchObject({
    ...traceOf('dep_1'),
    parentId: null,
    kind: 'server',
    links: [traceOf('bld_1')],
    attributes: { 'slipway.deployment.cause': cause },
  });
  expect(new Set(phases.map(({ traceId }) => traceId))).toEqual(new Set([traceOf('dep_1').traceId]));
});

it('whose build was removed stands alone', () => {
  expect(spansOf({ build: null })[0]).toMatchObject({ ...traceOf('dep_1'), parentId: null, links: [] });
});

it('a release that never becomes healthy fails in that phase, and switches nothing', () => {
  const spans = spansOf({
    status: 'failure',
    reason: 'not healthy within 60 s',
    events: upTo(5),
    finishedAtMs: 7_000,
  });
  expect(outline(spans)).toEqual([
    'deploy production 1200-7000!',
    '  waiting 1200-4000',
    '  prepare 4000-5000',
    '  start 5000-6000',
    '  health 6000-7000!',
  ]);
  expect(spans[0]?.attributes).toMatchObject({ 'deployment.status': 'failed', 'error.type': 'failure' });
});

it('one that was superseded is skipped, which is no error', () => {
  const spans = spansOf({ status: 'skipped', reason: 'superseded by #8', events: upTo(4) });
  expect(spans.every(({ error }) => error === null)).toBe(true);
  expect(spans[0]?.attributes).toMatchObject({
    'cicd.pipeline.task.run.result': 'skip',
    'deployment.status': null,
  });
});

it('one whose deployer was lost waits and prepares again', () => {
  const again = [
    { id: 'evt_a', atMs: 6_500, type: 'deployment.pending' },
    { id: 'evt_b', atMs: 6_600, type: 'commit_status.failed' },
    { id: 'evt_c', atMs: 6_900, type: 'deployment.running' },
    { id: 'evt_d', atMs: 7_500, type: 'deployment.phase.checking' },
  ];
  expect(outline(spansOf({ events: [...upTo(5), ...again] }))).toEqual([
    'deploy production 1200-12000',
    '  waiting 1200-4000',
    '  prepare 4000-5000',
    '  start 5000-6000',
    '  health 6000-6500',
    '  waiting 6500-6900',
    '  prepare 6900-7500',
    '  health 7500-12000',
  ]);
});
