import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildSpans } from '../../../src/traces/build-spans.ts';
import { encodeBinaryTrace } from '../../../src/traces/otlp-binary.ts';
import { encodeTrace, type Trace } from '../../../src/traces/otlp.ts';
import { decodeRequest } from '../../support/otlp-messages.ts';
import { exportRequest } from '../../support/otlp-collector.ts';
import { buildAt, URL_OF_PAGES } from './examples.ts';

const build = buildAt({ status: 'failure', reason: 'step unit: exit code 3', rerunOf: 'bld_0' });
const spans = buildSpans(build, URL_OF_PAGES);
const asJson = (trace: Trace): unknown => JSON.parse(JSON.stringify(encodeTrace(trace, '1.2.3')));

it('says in binary what it says in JSON, to a decoder that is not ours', () => {
  const trace = { resource: { 'service.name': 'slipway', 'service.version': '1' }, spans };
  const read = decodeRequest(encodeBinaryTrace(trace, '1.2.3'));
  expect(read).toEqual(asJson(trace));
  expect(exportRequest.parse(read).resourceSpans[0]?.scopeSpans[0]?.spans).toHaveLength(spans.length);
});

it('keeps every value that an attribute may have, of any size', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.array(fc.string({ unit: 'grapheme' })),
  );
  const resources = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), value);
  fc.assert(
    fc.property(resources, (resource) => {
      const trace = { resource, spans: spans.slice(0, 1) };
      expect(decodeRequest(encodeBinaryTrace(trace, '1.2.3'))).toEqual(asJson(trace));
    }),
  );
});

it('leaves out what is not known', () => {
  const trace = { resource: { known: '', unknown: null }, spans: [] };
  expect(decodeRequest(encodeBinaryTrace(trace, '1.2.3'))).toEqual(asJson(trace));
});
