import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { traceOf } from '../../src/core/trace-context.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { startCollector, type SentSpan, type TestCollector } from '../support/otlp-collector.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { logOf } from './support/read-build.ts';
import { startWorld, type World } from './support/world.ts';

const KEY = 'what-opens-the-collector';
const BROKEN = { 'slipway.yml': 'steps: [{}]\n' };

let world: World;
let collector: TestCollector;
let repository: HostedRepository;
let well: TestCollector['answer'];

beforeAll(async () => {
  collector = await startCollector();
  well = collector.answer;
  world = await startWorld({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${KEY}`,
      OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=tests',
    },
  });
  repository = await world.addProject('shop/web', files('0'));
});
afterAll(async () => {
  await world?.stop();
  await collector.close();
});

const files = (version: string) => ({
  ...appFiles(version),
  'check.sh': 'set -e\necho "traceparent=$TRACEPARENT"\n',
});
const spansOf = (id: string) => collector.spans().filter(({ traceId }) => traceId === traceOf(id).traceId);
const spanOf = (id: string, name: string): SentSpan => {
  const span = spansOf(id).find((one) => one.name === name);
  if (span === undefined) throw new Error(`no span ${name} of ${id}`);
  return span;
};
const childrenOf = (id: string, parent: SentSpan) =>
  spansOf(id).filter(({ parentSpanId }) => parentSpanId === parent.spanId);
const textOf = (span: SentSpan, key: string) => span.attributes.find((one) => one.key === key)?.value;

async function linesOf(program: 'server' | 'worker', key: string, value: string) {
  const text = await readFile(path.join(world.system.dir, `${program}.log`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line[key] === value);
}

/** The delivery whose builds have this one. */
async function deliveryOf(buildId: string): Promise<string> {
  const { items } = await world.system.api<Page<DeliveryView>>('GET', '/deliveries');
  return items.find(({ buildIds }) => buildIds.includes(buildId))?.id ?? 'none';
}

async function deployed(version: string): Promise<BuildView> {
  const build = await endOf(world.system, await push(world.system, repository, files(version)));
  expect(build.status, explain(build)).toBe('success');
  await waitFor('its deployment is told', async () =>
    spansOf(build.id).some(({ name }) => name === 'deploy production'),
  );
  return build;
}

it('a push is one trace, from the webhook to the switch, and a step knows its span', async () => {
  const build = await deployed('1');
  expect(collector.complaints).toEqual([]);
  for (const { path: target, headers } of collector.received) {
    expect(target).toBe('/v1/traces');
    expect(headers['x-api-key']).toBe(KEY);
  }
  const root = spanOf(build.id, 'BUILD shop/web');
  expect(root).toMatchObject({ kind: 2, spanId: traceOf(build.id).spanId });
  expect(root).not.toHaveProperty('parentSpanId');
  expect(childrenOf(build.id, root).map(({ name }) => name)).toEqual([
    'intake',
    'waiting',
    'workflow default',
    'deploy production',
  ]);
  const workflow = spanOf(build.id, 'workflow default');
  expect(childrenOf(build.id, workflow).map(({ name }) => name)).toEqual([
    'checkout',
    'image',
    'step unit',
    'step serve',
    'push',
  ]);
  const deployment = spanOf(build.id, 'deploy production');
  expect(childrenOf(build.id, deployment).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['prepare', 'start', 'health', 'smoke', 'switch', 'drain']),
  );
  expect(textOf(deployment, 'deployment.status')).toEqual({ stringValue: 'succeeded' });
  const step = spanOf(build.id, 'step unit');
  expect(await logOf(world.system, build, 'unit')).toContain(
    `traceparent=00-${step.traceId}-${step.spanId}-01`,
  );
  const nanoseconds = (span: SentSpan) => [span.startTimeUnixNano, span.endTimeUnixNano].map(BigInt);
  for (const parent of [root, workflow, deployment])
    for (const child of childrenOf(build.id, parent).filter(({ name }) => name !== 'deploy production')) {
      const [[from = 0n, to = 0n], [start = 0n, end = 0n]] = [
        nanoseconds(parent),
        nanoseconds(child),
      ] as const;
      expect(start >= from && end <= to && end >= start, child.name).toBe(true);
    }
});

it('the logs of server and worker tell the same push by its delivery, its build and its steps', async () => {
  const build = await deployed('logs');
  const deliveryId = await deliveryOf(build.id);
  const server = async () => linesOf('server', 'buildId', build.id);
  await waitFor('its deployment has ended', async () =>
    (await server()).some(({ msg }) => msg === 'the deployment ended'),
  );
  const { number } = build;
  const said = await server();
  expect(said.map(({ msg }) => msg)).toEqual([
    'the delivery made a build',
    'the build ended',
    'the deployment ended',
  ]);
  expect(said[0]).toMatchObject({ level: 30, project: 'shop/web', number });
  expect(said[1]).toMatchObject({ level: 30, status: 'success', seconds: expect.any(Number) as number });
  const worked = await linesOf('worker', 'buildId', build.id);
  for (const line of [...said, ...worked]) expect(line).toMatchObject({ deliveryId });
  for (const line of worked) expect(line['lease']).toMatch(/^lea_/);
  const ofUnit = worked.filter(({ step }) => step === 'unit');
  expect(ofUnit).toMatchObject([
    { level: 30, msg: 'the step begins' },
    { level: 30, msg: 'the step ended', status: 'success', exitCode: 0, ms: expect.any(Number) as number },
  ]);
  const begun = worked.filter(({ msg }) => msg === 'the step begins').map(({ step }) => step);
  expect(new Set(begun)).toEqual(new Set(['clone', 'image', 'unit', 'serve', 'push']));
  const [, deployment] = worked.filter(({ msg }) => msg === 'claimed');
  expect(deployment).toHaveProperty('deployment');
});

it('a rollback is a trace of its own, which links to the build that it brings back', async () => {
  const [live] = (await world.system.api<Page<BuildView>>('GET', '/builds')).items;
  await deployed('2');
  const [environment] = (await world.system.api<Page<EnvironmentView>>('GET', '/environments')).items;
  const target = `/environments/${environment?.id ?? ''}/rollback`;
  const { id } = await world.system.api<{ id: string }>('POST', target);
  await waitFor('the rollback is told', async () => spansOf(id).length > 0);
  const [top] = spansOf(id);
  expect(top).not.toHaveProperty('parentSpanId');
  expect(top?.links.map(({ traceId }) => traceId)).toEqual([traceOf(live?.id ?? '').traceId]);
  expect(spansOf(id).map(({ name }) => name)).toContain('switch');
});

it('a server that is killed before its collector has answered sends the trace after its start', async () => {
  const broken = await world.addProject('shop/killed', BROKEN);
  const before = collector.received.length;
  collector.answer = () => undefined;
  const id = await push(world.system, broken, BROKEN);
  await waitFor('the collector is asked', async () => collector.received.length > before);
  const { server } = world.system;
  server?.kill('SIGKILL');
  if (server !== null) await once(server, 'exit');
  collector.answer = well;
  await world.system.startServer();
  await waitFor('the trace is sent', async () => spansOf(id).length > 0);
  expect(spansOf(id).map(({ name, status }) => [name, status.code])).toEqual([
    ['BUILD shop/killed', 2],
    ['intake', 2],
  ]);
  expect(new Set(collector.received.slice(before).map(({ body }) => body)).size).toBe(1);
});

it('a trace that the collector refuses is dropped, said and counted, and no log shows what opens it', async () => {
  const broken = await world.addProject('shop/refused', BROKEN);
  const message = `no key ${KEY}`;
  collector.answer = (response) => void response.writeHead(400).end(JSON.stringify({ message }));
  const id = await push(world.system, broken, BROKEN);
  const log = () => readFile(path.join(world.system.dir, 'server.log'), 'utf8');
  await waitFor('it is said', async () => (await log()).includes('a trace was dropped'));
  collector.answer = well;
  const line = (await log()).split('\n').find((one) => one.includes('a trace was dropped')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({
    level: 40,
    subjectId: id,
    reason: expect.stringMatching(/answered 400: no key \*\*\*$/) as string,
  });
  expect(await log()).not.toContain(KEY);
  const metrics = await fetch(`${world.system.url}/metrics`, {
    headers: { authorization: `Bearer ${world.system.adminToken}` },
  });
  expect(await metrics.text()).toContain('slipway_traces_total{outcome="dropped"} 1\n');
});
