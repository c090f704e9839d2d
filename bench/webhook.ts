import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hasValidSignature, sign } from '../src/webhooks/signature.ts';
import { startGitHost, type GitHost } from '../test/support/git-host.ts';
import { startSystem, WEBHOOK_SECRET, type System } from '../test/support/system.ts';
import { quantile, round, type Figures } from './figures.ts';
import { load, type LoadResult } from './load.ts';
import type { Ground } from './with-engine.ts';

const PROJECTS = 5;
const CONNECTIONS = 40;
const DURATION_MS = 10_000;

/** GitHub's own example payloads; the package is a JSON file. */
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly {
  readonly name: string;
  readonly examples: readonly object[];
}[];

/**
 * Deliveries per second that are verified, on disk and answered, while intake works on them as always; the server is
 * killed while more of them arrive, and each id that was answered 202 is looked for in the record. Floor: a bare server that only checks the signature.
 */
export async function webhook(ground: Ground): Promise<Figures<'webhook'>> {
  const floor = await bareServer();
  const host = await startGitHost();
  const system = await startSystem({ ...ground, worker: false });
  try {
    const bodies = await makeProjects(host, system);
    const sent = deliveries(bodies);
    const accepted: string[] = [];
    // In the middle of the load: every connection has a delivery on its way.
    const kill = setTimeout(() => system.server?.kill('SIGKILL'), DURATION_MS);
    const result = await load({
      url: system.url,
      connections: CONNECTIONS,
      durationMs: DURATION_MS * 2,
      expected: 202,
      next: sent.next,
      onAccepted: (number) => accepted.push(sent.idOf(number)),
    });
    clearTimeout(kill);
    const { rows, projects } = recorded(path.join(system.dir, 'data', 'slipway.db'));
    if (projects < PROJECTS) throw new Error(`intake made builds of ${projects} of ${PROJECTS} projects`);
    return report(result, floor, accepted.filter((id) => !rows.has(id)).length);
  } finally {
    await system.stop();
    await host.close();
  }
}

function report(result: LoadResult, floor: LoadResult, lost: number): Figures<'webhook'> {
  const perSecond = round((result.accepted / result.elapsedMs) * 1000);
  const p99Ms = round(quantile(result.latenciesMs, 0.99));
  const floorPerSecond = round((floor.accepted / floor.elapsedMs) * 1000);
  // Each connection breaks once, by the kill.
  const bad = result.refused + Math.max(0, result.broken - CONNECTIONS);
  return {
    rows: [
      {
        what: `webhooks accepted and durable, ${CONNECTIONS} connections, ${DURATION_MS / 1000} s`,
        value: `${perSecond}/s`,
        floor: `${floorPerSecond}/s (signature only, no disk)`,
        goal: '≥ 1,000/s',
      },
      {
        what: 'webhook p99',
        value: `${p99Ms} ms`,
        floor: `${round(quantile(floor.latenciesMs, 0.99))} ms`,
        goal: '–',
      },
      {
        what: 'webhooks lost after kill -9 (202s without a row)',
        value: `${lost} (${bad} not accepted)`,
        floor: '–',
        goal: '0',
      },
    ],
    json: { perSecond, p99Ms, lost, floorPerSecond },
  };
}

/** Real push payloads of 7 kB and more, one a project, for a commit that its repository has. */
async function makeProjects(host: GitHost, system: System): Promise<readonly Buffer[]> {
  const pushes = examples.find(({ name }) => name === 'push')?.examples ?? [];
  // A push that deletes its branch has no head.
  const big = pushes.filter(
    (payload) => JSON.stringify(payload).length >= 7_000 && 'head_commit' in payload && payload.head_commit,
  );
  const bodies: Buffer[] = [];
  for (let number = 0; number < PROJECTS; number++) {
    const repository = host.create(`team/app-${number}`);
    const commit = repository.commit({
      'slipway.yml': 'steps:\n  - name: a\n    image: any\n    commands: [true]\n',
    });
    await system.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    const payload = structuredClone(big[number % big.length]) as Record<string, unknown>;
    const about = payload['repository'] as Record<string, unknown>;
    about['full_name'] = repository.fullName;
    const head = { ...(payload['head_commit'] as object), id: commit };
    const changed = { ...payload, ref: 'refs/heads/main', after: commit, head_commit: head, deleted: false };
    bodies.push(Buffer.from(JSON.stringify(changed)));
  }
  return bodies;
}

function deliveries(bodies: readonly Buffer[]) {
  const ids: string[] = [];
  return {
    idOf: (number: number): string => ids[number] ?? '',
    next: (number: number): Buffer => {
      const id = (ids[number] ??= randomUUID());
      // Two pushes never have the same body: it says when they came.
      const sent = bodies[number % bodies.length] ?? Buffer.alloc(1);
      const body = Buffer.concat([sent.subarray(0, -1), Buffer.from(`,"pushed_at":${number}}`)]);
      const head = [
        'POST /webhooks/github HTTP/1.1',
        'host: slipway',
        'content-type: application/json',
        `content-length: ${body.length}`,
        'x-github-event: push',
        `x-hub-signature-256: ${sign(body, WEBHOOK_SECRET)}`,
        `x-github-delivery: ${id}`,
        '\r\n',
      ].join('\r\n');
      return Buffer.concat([Buffer.from(head), body]);
    },
  };
}

async function bareServer(): Promise<LoadResult> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const header = request.headers['x-hub-signature-256'];
      const right = hasValidSignature(typeof header === 'string' ? header : '', chunks, [WEBHOOK_SECRET]);
      response.writeHead(right ? 202 : 401, { 'content-length': 0 }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const result = await load({
    url,
    connections: CONNECTIONS,
    durationMs: 3_000,
    expected: 202,
    next: deliveries([Buffer.from('x'.repeat(7_200))]).next,
  });
  server.closeAllConnections();
  server.close();
  return result;
}

/** The host's ids of all deliveries on record, and of how many projects builds were made of them. */
function recorded(file: string): { rows: ReadonlySet<string>; projects: number } {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('select host_delivery_id as id from delivery').all();
  const projects = database.prepare('select distinct project_id from build').all().length;
  database.close();
  return { rows: new Set(rows.map((row) => String(row['id']))), projects };
}
