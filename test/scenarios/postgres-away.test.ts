import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import { endOf, push } from '../support/builds.ts';
import { pushPayload } from '../support/github-payloads.ts';
import { startPostgres, type OwnPostgres } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { attemptOf, linesOf } from './support/read-build.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let postgres: OwnPostgres;
let world: World;
beforeAll(async () => {
  const env = { DATABASE_URL: '' };
  world = await startWorld({
    env,
    prepare: async () => {
      const started = await startPostgres();
      if (started === null) throw new Error('PostgreSQL is not on this machine: apt-get install postgresql');
      postgres = started;
      env.DATABASE_URL = await postgres.createDatabase();
      return () => postgres.stop();
    },
  });
});
afterAll(async () => {
  postgres?.thaw();
  await world?.stop();
});

const LINES = 600;
const COUNT = `i=0; while [ $i -lt ${LINES} ]; do echo "line $i"; i=$((i+1)); sleep 0.02; done`;
const FILE = `steps:\n  - { name: work, image: "slipway-test/busybox:1", timeout: 2m, commands: ${JSON.stringify(COUNT)} }\n`;

it.each([
  ['is killed', () => postgres.end('SIGKILL'), () => postgres.begin()],
  ['stands still', async () => postgres.freeze(), async () => postgres.thaw()],
])(
  'while PostgreSQL %s, all is refused by its reason, and what runs loses nothing',
  async (how, end, begin) => {
    const { system } = world;
    const repository = await world.addProject(`away/${how.replace(' ', '-')}`, { 'slipway.yml': FILE });
    const id = await push(system, repository, {});
    await untilSaid(system, id, 'work', 'line 20');
    const before = await serverLog();
    const commit = repository.commit({ more: 'more' }, 'more');
    const deliver = () =>
      system.deliver(
        'push',
        pushPayload({ repository: repository.fullName, commit }),
        `away-${how.replace(' ', '-')}`,
      );
    await end();
    await Promise.all([
      expectRefused(deliver()),
      expectRefused(get('/api/v1/builds')),
      expectRefused(get('/metrics')),
    ]);
    await waitFor('the server is known to be of no use', async () => (await get('/readyz')).status === 503);
    expect(await (await get('/readyz')).json()).toMatchObject({ notReady: ['database: not answering'] });
    expect((await get('/healthz')).status).toBe(200);
    await expectRefused(deliver());
    // As long as a lease, and some.
    await sleep(20_000);
    await begin();
    await waitFor('the server is of use again', async () => (await get('/readyz')).status === 200);
    const build = await endOf(system, id, 120_000);
    expect(build.status, explain(build)).toBe('success');
    expect(build.workflows.map(({ attempt }) => attempt)).toEqual([1]);
    const lines = (await linesOf(system, attemptOf(build, 'work')?.logId ?? '')).map(({ text }) => text);
    expect(lines.filter((text) => text.startsWith('line '))).toEqual(
      Array.from({ length: LINES }, (_, index) => `line ${index}`),
    );
    const answer = await deliver();
    expect([200, 202]).toContain(answer.status);
    const { delivery } = (await answer.json()) as { delivery: string };
    const made = await waitFor('the delivery is a build', async () => {
      const view = await system.api<DeliveryView>('GET', `/deliveries/${delivery}`);
      return view.buildIds.length > 0 && view.buildIds;
    });
    expect(made).toHaveLength(1);
    expect((await endOf(system, made[0] ?? '')).status).toBe('success');
    const told = (await serverLog()).slice(before.length).filter(({ err }) => err !== undefined);
    expect(told).toMatchObject([{ msg: 'the database is away', err: { code: 'database_refused' } }]);
  },
  300_000,
);

function get(target: string): Promise<Response> {
  const headers = { authorization: `Bearer ${world.system.adminToken}` };
  return fetch(`${world.system.url}${target}`, { headers });
}

async function expectRefused(asked: Promise<Response>): Promise<void> {
  const answer = await asked;
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await answer.json()).toMatchObject({ error: { code: 'database_away' } });
}

async function serverLog(): Promise<readonly { msg: string; err?: object }[]> {
  const text = await readFile(path.join(world.system.dir, 'server.log'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { msg: string; err?: object });
}
