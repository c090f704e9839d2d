import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import { sign } from '../../src/webhooks/signature.ts';
import { pushPayload } from '../support/github-payloads.ts';
import {
  DEEP,
  floodWebhook,
  hangUpHalfWay,
  holdConnections,
  HOSTILE_KINDS,
  type Flood,
} from '../support/hostile-webhooks.ts';
import { residentMb } from '../support/resident-memory.ts';
import { startSystem, WEBHOOK_SECRET, type System } from '../support/system.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';
import { deliver } from './support/happen.ts';

/** `npm run bench -- --only hostile` sends 10,000, and measures. */
const COUNT = 2_000;
/** Ten times what the flood is seen to leave at a quiet time. */
const MOST_MORE_MB = 500;

let system: System;
let captured: { readonly id: string; readonly body: string };
let flood: Flood;
let mb: { before: number; after: number };

beforeAll(async () => {
  const { dockerHost, buildNetworks, appNetwork } = testParts();
  system = await startSystem({ dockerHost, buildNetworks, appNetwork, worker: false });
  captured = {
    id: randomUUID(),
    body: JSON.stringify(pushPayload({ repository: 'nobody/seen', commit: 'a'.repeat(40) })),
  };
  await deliver(system, 'push', JSON.parse(captured.body), captured.id);
  const way = { url: system.url, secret: WEBHOOK_SECRET, captured };
  await floodWebhook({ ...way, count: 300 });
  const before = await residentMb(system.server);
  const slow = holdConnections(system.url, 50);
  const hangUps = Array.from({ length: 50 }, () => hangUpHalfWay(system.url, WEBHOOK_SECRET));
  flood = await floodWebhook({ ...way, count: COUNT });
  await Promise.all(hangUps);
  slow.close();
  await quiet();
  mb = { before, after: await residentMb(system.server) };
  console.info(
    `${COUNT} hostile webhooks, beside 150 connections that are drawn out, in ${(flood.elapsedMs / 1_000).toFixed(1)} s; the server held ${mb.before} MB, and then ${mb.after} MB`,
  );
});
afterAll(() => system?.stop());

describe('hostile webhooks', () => {
  it.each(HOSTILE_KINDS)('$name: $answer', ({ name, answer }) => {
    expect([...(flood.answers.get(name)?.keys() ?? [])]).toEqual([answer]);
    expect(flood.answers.get(name)?.get(answer)).toBeGreaterThan(COUNT / HOSTILE_KINDS.length - 2);
  });

  it('leave no row; right ones in between are all there, and the replayed one is there once', () => {
    const rows = recorded();
    expect(flood.kept).toHaveLength(COUNT / 20);
    expect(flood.kept.filter((id) => !rows.has(id))).toEqual([]);
    // The first 300 had some as well.
    expect(rows.size).toBe(1 + 300 / 20 + flood.kept.length);
    expect(rows.get(captured.id)).toBeGreaterThan(COUNT / HOSTILE_KINDS.length);
  });

  it('fill no memory', () => {
    expect(mb.after - mb.before).toBeLessThan(MOST_MORE_MB);
  });

  it('are no error of the server, and its log has neither their bodies nor the secret', async () => {
    const log = await readFile(path.join(system.dir, 'server.log'), 'utf8');
    const levels = log
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { level: number }]));
    expect(levels.filter(({ level }) => level >= 50)).toEqual([]);
    for (const text of [WEBHOOK_SECRET, 'xxxxxxxxxx', 'etc/passwd', '<script>'])
      expect(log).not.toContain(text);
  });
});

describe('a hostile payload that is signed', () => {
  it.each<[string, string]>([
    ['50,000 levels deep', DEEP],
    [
      'with keys that all objects have',
      '{"__proto__":{"outcome":"built"},"constructor":{"prototype":{"x":1}}}',
    ],
    ['of wrong types', '{"ref":{},"after":[],"repository":"x","head_commit":7,"deleted":"no","sender":null}'],
    [
      'with a name of 100 kB',
      JSON.stringify({ repository: { full_name: 'x/'.repeat(50_000) }, ref: 'refs/heads/x' }),
    ],
    ['with a branch that is an option of git', evil({ ref: 'refs/heads/--upload-pack=touch /tmp/x' })],
    ['with a commit that is none', evil({ after: '$(touch /tmp/x)' })],
  ])('%s: is kept, leads to nothing, and is shown', async (_, body) => {
    const answer = await deliverText(body);
    expect(answer.status).toBe(202);
    const { delivery } = (await answer.json()) as { delivery: string };
    const view = await waitFor('it is worked on', async () => {
      const seen = await system.api<DeliveryView>('GET', `/deliveries/${delivery}`);
      return seen.outcome === 'received' ? null : seen;
    });
    expect(view).toMatchObject({ outcome: 'ignored', buildIds: [] });
    expect(({} as { outcome?: string }).outcome).toBeUndefined();
  });

  it('of 20 MB is kept, and one of 26 MB is not', async () => {
    const large = (bytes: number) => evil({ padding: 'x'.repeat(bytes) });
    expect((await deliverText(large(20_000_000))).status).toBe(202);
    expect((await deliverText(large(27_000_000))).status).toBe(413);
  });
});

function deliverText(body: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': sign(body, WEBHOOK_SECRET),
  };
  return fetch(`${system.url}/webhooks/github`, { method: 'POST', headers, body });
}

function evil(changes: object): string {
  return JSON.stringify({
    ...pushPayload({ repository: 'nobody/evil', commit: 'b'.repeat(40) }),
    ...changes,
  });
}

/** Waits until nothing waits to be worked on. */
async function quiet(): Promise<void> {
  await waitFor(
    'all deliveries are worked on',
    () => count("select count(*) as n from delivery where outcome = 'received'") === 0,
    30_000,
  );
}

/** Ids of the Git host → how often each came. */
function recorded(): ReadonlyMap<string, number> {
  const rows = onRecord((database) =>
    database.prepare('select host_delivery_id as id, times from delivery').all(),
  );
  return new Map(rows.map(({ id, times }) => [String(id), Number(times)]));
}

const count = (query: string): number => Number(onRecord((database) => database.prepare(query).get())?.['n']);

function onRecord<T>(read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path.join(system.dir, 'data', 'slipway.db'), { readOnly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
