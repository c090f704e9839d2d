import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sign } from '../../../src/webhooks/signature.ts';
import { startTestServer, WEBHOOK_SECRETS } from '../../support/test-server.ts';

it('keeps every delivery that was answered with 202 through kill -9, and works on it after the restart', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'slipway-kill-'));
  const child = fork(path.resolve(import.meta.dirname, '../../support/serve-webhooks.ts'), [directory]);
  const [url] = (await once(child, 'message')) as [string];
  const accepted: string[] = [];
  const sender = async (): Promise<void> => {
    for (;;) {
      const id = randomUUID();
      const answer = await send(url, id).catch(() => null);
      if (answer === null) return;
      expect(answer.status).toBe(202);
      accepted.push(id);
      if (accepted.length === 300) child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 20 }, sender));
  expect(accepted.length).toBeGreaterThanOrEqual(300);

  const next = await startTestServer({ directory });
  await next.deps.intake.idle();
  const rows = await next.deps.store.db
    .selectFrom('delivery')
    .select(['host_delivery_id', 'outcome'])
    .execute();
  const outcomes = new Map(rows.map((row) => [row.host_delivery_id, row.outcome]));
  expect(accepted.filter((id) => outcomes.get(id) !== 'ignored')).toEqual([]);
  await next.close();
  await rm(directory, { recursive: true, force: true });
});

function send(url: string, id: string): Promise<Response> {
  const body = JSON.stringify({ zen: 'x'.repeat(7_000), repository: { full_name: 'shop/web' } });
  return fetch(`${url}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-github-delivery': id,
      'x-hub-signature-256': sign(body, WEBHOOK_SECRETS[0] ?? ''),
    },
    body,
  });
}
