import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deliver } from '../test/scenarios/support/happen.ts';
import { pushPayload } from '../test/support/github-payloads.ts';
import { floodWebhook, HOSTILE_KINDS, holdConnections } from '../test/support/hostile-webhooks.ts';
import { residentMb } from '../test/support/resident-memory.ts';
import { startSystem, WEBHOOK_SECRET } from '../test/support/system.ts';
import { round, type Figures } from './figures.ts';
import type { Ground } from './with-engine.ts';

const HOSTILE = 10_000;
/** So that what is loaded on first use is loaded. */
const WARM = 500;
const REST_MS = 15_000;
const HELD_EACH = 100;

/** What the server's process holds after 10,000 hostile webhooks, at rest, against itself soon after its start. */
export async function hostile(ground: Ground): Promise<Figures<'hostile'>> {
  const system = await startSystem({ ...ground, worker: false });
  try {
    const captured = {
      id: randomUUID(),
      body: JSON.stringify(pushPayload({ repository: 'nobody/seen', commit: 'a'.repeat(40) })),
    };
    await deliver(system, 'push', JSON.parse(captured.body), captured.id);
    const way = { url: system.url, secret: WEBHOOK_SECRET, captured };
    await floodWebhook({ ...way, count: WARM });
    await sleep(REST_MS);
    const startMb = await residentMb(system.server);
    const slow = holdConnections(system.url, HELD_EACH);
    const flood = await floodWebhook({ ...way, count: HOSTILE });
    const held = (await slow.answers).filter((answer) => answer !== 'HTTP/1.1 408').length;
    slow.close();
    await sleep(REST_MS);
    const endMb = await residentMb(system.server);
    const wrong = HOSTILE_KINDS.reduce((sum, { name, answer }) => {
      const others = [...(flood.answers.get(name) ?? [])].filter(([seen]) => seen !== answer);
      return sum + others.reduce((all, [, times]) => all + times, 0);
    }, held);
    const ratio = round(endMb / startMb);
    return {
      rows: [
        {
          what: `memory of the server after ${HOSTILE} hostile webhooks of ${HOSTILE_KINDS.length} kinds, at rest`,
          value: `${endMb} MB (${ratio} ×)`,
          floor: `${startMb} MB (after ${WARM})`,
          goal: '≤ 1.2 ×',
        },
        {
          what: `hostile webhooks answered otherwise than they should be, of ${HOSTILE} in ${round(flood.elapsedMs / 1_000)} s`,
          value: String(wrong),
          floor: '–',
          goal: '0',
        },
      ],
      json: { startMb, endMb, ratio, wrong },
    };
  } finally {
    await system.stop();
  }
}
