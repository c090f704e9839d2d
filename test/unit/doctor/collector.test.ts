import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OtlpProtocol } from '../../../src/core/otlp-protocol.ts';
import { runChecks } from '../../../src/doctor/check.ts';
import { checkCollector } from '../../../src/doctor/collector.ts';
import { startCollector, type TestCollector } from '../../support/otlp-collector.ts';

let collector: TestCollector;
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

async function look(protocol: OtlpProtocol = 'http/json') {
  const headers = { 'x-api-key': 'what-opens-it' };
  const url = `${collector.url}/v1/traces?key=what-opens-it`;
  const [result] = await runChecks([checkCollector({ url, protocol, headers, resource: {} })], 5_000);
  expect(JSON.stringify(result)).not.toContain('what-opens-it');
  return result;
}

it('a collector that takes traces is well, and gets none', async () => {
  expect(await look()).toMatchObject({
    name: 'collector',
    verdict: 'ok',
    says: `${new URL(collector.url).host} takes traces`,
  });
  expect(collector.received[0]).toMatchObject({
    path: '/v1/traces?key=what-opens-it',
    headers: { 'x-api-key': 'what-opens-it', 'content-type': 'application/json' },
  });
  expect(collector.spans()).toEqual([]);
  expect(collector.complaints).toEqual([]);
});

it('one that takes the binary form is asked in it', async () => {
  expect(await look('http/protobuf')).toMatchObject({ verdict: 'ok' });
  expect(collector.received[0]?.headers['content-type']).toBe('application/x-protobuf');
  expect(collector.complaints).toEqual([]);
});

it('one that may not take the form is told of the other', async () => {
  collector.answer = (response) => void response.writeHead(415).end();
  expect((await look('http/json'))?.fix).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf');
  expect((await look('http/protobuf'))?.fix).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=http/json');
});

it.each([
  [401, 'OTEL_EXPORTER_OTLP_HEADERS'],
  [404, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  [503, 'Its own log'],
])('one that answers %i warns, since nothing but traces needs it', async (status, fix) => {
  collector.answer = (response) => void response.writeHead(status).end();
  const result = await look();
  expect(result).toMatchObject({ verdict: 'warn' });
  expect(result?.says).toMatch(new RegExp(`answers ${status}$`));
  expect(result?.fix).toContain(fix);
});

it('one that is away warns', async () => {
  await collector.close();
  expect(await look()).toMatchObject({
    verdict: 'warn',
    says: `${new URL(collector.url).host} does not answer (ECONNREFUSED)`,
  });
});
