import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { alone, planOf, pushOf } from '../../support/record.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
let host: GitHost;

beforeAll(async () => {
  host = await startGitHost();
  server = await startTestServer({ intake: false });
});
afterAll(async () => {
  await server.close();
  await host.close();
});

const scrape = async (authorization = `Bearer ${server.adminToken}`): Promise<Response> =>
  fetch(`${server.url}/metrics`, { headers: { authorization } });

/** Value of one line, e.g. `slipway_builds{status="pending"}`. */
async function valueOf(line: string): Promise<number> {
  const text = await (await scrape()).text();
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? Number.NaN);
}

describe('GET /metrics', () => {
  it("is Prometheus' text, for admins only", async () => {
    const answer = await scrape();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await answer.text()).toContain('slipway_info{version="0.0.0"} 1\n');
    expect((await scrape('Bearer wrong')).status).toBe(401);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
  });

  it('tells what waits, what has ended, and how many places that wants', async () => {
    const { cloneUrl } = host.create('shop/web');
    const made = await server.api('POST', '/projects', { cloneUrl });
    const { id: projectId } = (await made.json()) as { id: string };
    const { buildId } = await server.deps.builds.createBuild({
      projectId,
      deliveryId: null,
      event: pushOf('main'),
      outcome: { kind: 'plan', plan: alone(planOf()), warnings: [] },
      blocked: null,
    });
    expect(await valueOf('slipway_builds{status="pending"}')).toBe(1);
    expect(await valueOf('slipway_places_wanted')).toBe(1);
    expect(await valueOf('slipway_workers')).toBe(0);
    expect(await valueOf('slipway_builds_ended_total{status="cancelled"}')).toBe(0);
    await server.api('POST', `/builds/${buildId}/cancel`);
    expect(await valueOf('slipway_builds{status="pending"}')).toBe(0);
    expect(await valueOf('slipway_builds_waiting_seconds')).toBe(0);
    expect(await valueOf('slipway_builds_ended_total{status="cancelled"}')).toBe(1);
    expect(await valueOf('slipway_build_seconds_count{status="cancelled"}')).toBe(1);
  });

  it('says which places are missing and free, by labels that somebody has, and who drains', async () => {
    const { builds, store } = server.deps;
    const worker = async (name: string, labels: Record<string, string>) => {
      await builds.setWorkerToken(name, `hash of ${name}`, { routers: [], labels });
      const known = await builds.findWorker(`hash of ${name}`);
      if (known === null) throw new Error('the token is not known');
      return known;
    };
    await worker('gpu-1', { gpu: 'yes', os: 'linux' });
    const plain = await worker('plain', {});
    const instance = 'process-of-plain';
    await builds.register(plain, { protocol: 2, name: 'plain', instance, capacity: 3, routers: [] });
    const { id: projectId } = await store.db.selectFrom('project').select('id').executeTakeFirstOrThrow();
    const build = async (labels?: Record<string, string>) => {
      const outcome = { kind: 'plan', plan: alone(planOf(labels && { labels })), warnings: [] } as const;
      const event = pushOf('main');
      return builds.createBuild({ projectId, deliveryId: null, event, outcome, blocked: null });
    };
    const { buildId } = await build();
    await build();
    await build({ gpu: 'yes' });
    await build({ gpu: 'yes' });
    await build({ made: 'up' });
    await build({ gpu: 'no' });
    const { id } = await store.db
      .selectFrom('workflow')
      .select('id')
      .where('build_id', '=', buildId)
      .executeTakeFirstOrThrow();
    await builds.place(id, plain.id);
    expect(await valueOf('slipway_places_missing{labels=""}')).toBe(1);
    expect(await valueOf('slipway_places_missing{labels="gpu=yes"}')).toBe(2);
    expect(await valueOf('slipway_places_missing{labels="gpu=yes,os=linux"}')).toBe(0);
    expect(await valueOf('slipway_places_missing{labels="unknown"}')).toBe(2);
    expect(await (await scrape()).text()).not.toContain('made=up');
    expect(await valueOf('slipway_places')).toBe(3);
    expect(await valueOf('slipway_places_free')).toBe(2);
    expect(await valueOf('slipway_workers_draining')).toBe(0);
    const process = { protocol: 2, name: 'plain', instance, capacity: 3, routers: [] };
    await builds.register(plain, { ...process, lowDisk: 'its disk is full' });
    expect(await valueOf('slipway_places_free')).toBe(0);
    expect(await valueOf('slipway_workers_low_on_disk')).toBe(1);
    await builds.register(plain, process);
    expect(await valueOf('slipway_workers_low_on_disk')).toBe(0);
    await builds.drainWorker('plain', true);
    expect(await valueOf('slipway_places_free')).toBe(0);
    expect(await valueOf('slipway_workers_draining')).toBe(1);
    expect(await valueOf('slipway_places_missing{labels=""}')).toBe(2);
  });

  it('counts requests by their route, never by what a sender puts into the path', async () => {
    await server.api('GET', '/builds/some-build-id');
    await server.api('GET', '/nothing/here');
    const text = await (await scrape()).text();
    const routes = text.match(/slipway_http_request_seconds_count\{[^}]*\} \d+/g) ?? [];
    expect(routes).toContain(
      'slipway_http_request_seconds_count{method="GET",route="/api/v1/builds/:build",status="4xx"} 1',
    );
    expect(text).not.toContain('some-build-id');
    expect(text).not.toContain('nothing/here');
  });

  it('has every metric that the dashboard asks for', async () => {
    const file = new URL('../../../docs/grafana-dashboard.json', import.meta.url);
    const dashboard = JSON.parse(readFileSync(file, 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    const text = await (await scrape()).text();
    const known = new Set(text.match(/^[a-z_]+(?=[{ ])/gm));
    const asked = dashboard.panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(?:slipway|nodejs|process)_[a-z_]+/g) ?? []),
    );
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});
