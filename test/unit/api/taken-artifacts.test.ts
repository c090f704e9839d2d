import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { BuildPlan } from '../../../src/core/plan.ts';
import { Problem } from '../../../src/core/problem.ts';
import type { TakenArtifact, WorkflowWork } from '../../../src/core/work.ts';
import { connectServer } from '../../../worker/server/connect-server.ts';
import type { Lease, ServerConnection } from '../../../worker/server/lease.ts';
import { planOf, pushOf, workflowPlan } from '../../support/record.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let folder: string;
let server: TestServer;
let ada: ServerConnection;
let ben: ServerConnection;
let project: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-taken-'));
  await mkdir(path.join(folder, 'server'));
  server = await startTestServer({ intake: false, directory: path.join(folder, 'server') });
  [ada, ben] = await Promise.all([connected('ada'), connected('ben')]);
  project = newId('prj');
  await server.deps.store.transaction((tx) =>
    tx.db
      .insertInto('project')
      .values({
        ...{ id: project, path: 'shop/web', clone_url: 'https://git.test/shop/web.git' },
        ...{ host_repository: 'shop/web', default_branch: 'main', clone_token: null, created_at: 0 },
      })
      .execute(),
  );
});
afterAll(async () => {
  await Promise.all([ada.close(), ben.close()]);
  await server.close();
  await rm(folder, { recursive: true });
});

async function connected(name: string): Promise<ServerConnection> {
  const made = await server.api('POST', '/workers/tokens', { name, routers: [] });
  const { token } = (await made.json()) as { token: string };
  const spoolDir = path.join(folder, name);
  return connectServer({ url: server.url, token, name, capacity: 9, routers: [], spoolDir });
}

const never = new AbortController().signal;
const plan = { ...planOf(), image: null, push: null };
const PASSING: BuildPlan = {
  workflows: [
    workflowPlan('build', { plan }),
    workflowPlan('test', {
      dependsOn: ['build'],
      plan: {
        ...plan,
        takes: [{ from: 'build', matrix: {}, names: null, path: '.', optional: false }],
      },
    }),
  ],
};

async function claim(worker: ServerConnection, buildId: string, name: string): Promise<Lease<WorkflowWork>> {
  const { id } = await server.deps.store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  await server.deps.builds.place(id, worker.workerId);
  const claim = await worker.claim({ kind: 'workflow', id, attempt: 1 });
  if (!claim.granted) throw new Error(claim.reason);
  return claim.lease as Lease<WorkflowWork>;
}

/** One worker has kept an artifact, and the other is to take it. */
async function passed(bytes: Buffer): Promise<{ lease: Lease<WorkflowWork>; artifact: TakenArtifact }> {
  const outcome = { kind: 'plan', plan: PASSING, warnings: [] } as const;
  const build = { projectId: project, deliveryId: null, event: pushOf('main'), outcome, blocked: null };
  const { buildId } = await server.deps.builds.createBuild(build);
  const first = await claim(ada, buildId, 'build');
  const attemptId = first.work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const pack = async (file: string) => {
    await writeFile(file, bytes, { flag: 'wx' });
    return { files: 1, bytes: bytes.length, digest };
  };
  await first.sendArtifact({ attemptId, name: 'site', keepMs: null }, pack, never);
  await first.report({ type: 'workflow.finished', status: 'success', reason: null });
  const lease = await claim(ben, buildId, 'test');
  const [artifact] = lease.work.takes?.artifacts ?? [];
  if (artifact === undefined) throw new Error(lease.work.takes?.missing.join());
  return { lease, artifact };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

describe('an artifact that one worker has kept', () => {
  it('comes to another one as it was, in a file that goes afterwards', async () => {
    const bytes = randomBytes(1024 ** 2);
    const { lease, artifact } = await passed(bytes);
    const taken = await lease.takeArtifact(artifact, (file) => readFile(file), never);
    expect(taken.equals(bytes)).toBe(true);
    expect(await readdir(path.join(folder, 'ben', lease.id)).catch(() => [])).toEqual([]);
  });

  it('is not there for a lease of another build, nor without its file, and stays away from people', async () => {
    const { lease, artifact } = await passed(Buffer.from('one'));
    const other = await passed(Buffer.from('two'));
    const read = (file: string) => readFile(file);
    expect(await codeOf(other.lease.takeArtifact(artifact, read, never))).toBe('artifact_gone');
    expect(await codeOf(lease.takeArtifact({ ...artifact, id: '../x' }, read, never))).not.toBe('taken');
    const headers = { authorization: `Bearer ${server.adminToken}` };
    const asked = `${server.url}/worker/v1/leases/${lease.id}/artifacts/${artifact.id}`;
    expect((await fetch(asked, { headers })).status).toBe(403);
    await rm(path.join(folder, 'server', 'artifacts'), { recursive: true });
    expect(await codeOf(lease.takeArtifact(artifact, read, never))).toBe('artifact_gone');
  });
});
