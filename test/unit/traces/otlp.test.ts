import { expect, it } from 'vitest';
import { buildSpans } from '../../../src/traces/build-spans.ts';
import { encodeTrace } from '../../../src/traces/otlp.ts';
import { runResource } from '../../../src/traces/run-resource.ts';
import { pushOf } from '../../support/record.ts';
import { exportRequest } from '../../support/otlp-collector.ts';
import { buildAt, PROJECT, URL_OF_PAGES } from './examples.ts';

const spans = buildSpans(
  buildAt({ status: 'failure', reason: 'step unit: exit code 3', rerunOf: 'bld_0' }),
  URL_OF_PAGES,
);

it("is what OTLP's protocol buffers say, in their JSON", () => {
  const encoded = encodeTrace({ resource: { 'service.name': 'slipway' }, spans }, '1.2.3');
  const read = exportRequest.parse(JSON.parse(JSON.stringify(encoded)));
  const [sent] = read.resourceSpans;
  expect(sent?.resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'slipway' } }]);
  expect(sent?.scopeSpans[0]?.scope).toEqual({ name: 'slipway', version: '1.2.3' });
  expect(sent?.scopeSpans[0]?.spans).toHaveLength(spans.length);
  expect(sent?.scopeSpans[0]?.spans[0]).toMatchObject({
    kind: 2,
    startTimeUnixNano: '1000000000',
    endTimeUnixNano: '9000000000',
    status: { code: 2, message: 'step unit: exit code 3' },
  });
});

it('times of today keep every digit', () => {
  const [root] = buildSpans(
    buildAt({
      receivedAtMs: 1_763_000_000_001,
      createdAtMs: 1_763_000_000_002,
      finishedAtMs: 1_763_000_000_003,
    }),
    URL_OF_PAGES,
  );
  const text = JSON.stringify(encodeTrace({ resource: {}, spans: root === undefined ? [] : [root] }, '1'));
  expect(text).toContain('"startTimeUnixNano":"1763000000001000000"');
  expect(text).toContain('"endTimeUnixNano":"1763000000003000000"');
});

it('an attribute that is not known is not sent', () => {
  const text = JSON.stringify(
    encodeTrace({ resource: { known: true, count: 3, unknown: null }, spans: [] }, '1'),
  );
  expect(text).toContain(
    '{"key":"known","value":{"boolValue":true}},{"key":"count","value":{"intValue":"3"}}',
  );
  expect(text).not.toContain('unknown');
});

it('the resource names pipeline, run, repository and ref, by their names of the conventions', () => {
  expect(runResource(PROJECT, { id: 'bld_1', event: pushOf('main') }, URL_OF_PAGES)).toEqual({
    'cicd.pipeline.name': 'shop/web',
    'cicd.pipeline.run.id': 'bld_1',
    'cicd.pipeline.run.url.full': 'https://ci.test/builds/bld_1',
    'vcs.owner.name': 'shop',
    'vcs.repository.name': 'web',
    'vcs.repository.url.full': 'https://git.test/shop/web',
    'vcs.provider.name': null,
    'vcs.ref.head.name': 'main',
    'vcs.ref.head.type': 'branch',
    'vcs.ref.head.revision': 'a'.repeat(40),
  });
  const overSsh = { ...PROJECT, cloneUrl: 'ssh://git@git.test/shop/web.git' };
  expect(runResource(overSsh, null, URL_OF_PAGES)['vcs.repository.url.full']).toBeNull();
});
