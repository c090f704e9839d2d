import { afterEach, beforeEach, expect, it } from 'vitest';
import { runChecks } from '../../../src/doctor/check.ts';
import { checkCollector } from '../../../src/doctor/collector.ts';
import { startCollector, type TestCollector } from '../../support/otlp-collector.ts';

let collector: TestCollector;
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

async function look() {
  const headers = { 'x-api-key': 'what-opens-it' };
  const url = `${collector.url}/v1/traces?key=what-opens-it`;
  const [result] = await runChecks([checkCollector({ url, headers, resource: {} })], 5_000);
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
