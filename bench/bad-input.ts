import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LintView } from '../src/core/views/lint-view.ts';
import { lintPipeline } from '../src/pipeline/lint-pipeline.ts';
import { PIPELINE_FILE } from '../src/pipeline/pipeline-files.ts';
import { startGitHost, type HostedRepository } from '../test/support/git-host.ts';
import { pushPayload } from '../test/support/github-payloads.ts';
import { HOSTILE_FILES } from '../test/support/hostile-files.ts';
import { residentMb } from '../test/support/resident-memory.ts';
import { startSystem, until, type System } from '../test/support/system.ts';
import { round, type Figures } from './figures.ts';
import type { Ground } from './with-engine.ts';

const ROUNDS = 10;
/** So that what is loaded on first use is loaded, and V8 has seen the largest of them. */
const WARM_ROUNDS = 2;
const AT_ONCE = 16;
const REST_MS = 15_000;
const PROJECT = 'bad/files';

/**
 * What the server's process holds after files that are wrong in every way have come many times, many at once, to be linted
 * and as the pipeline files of pushes, at rest, against itself after two rounds of the same.
 */
export async function badInput(ground: Ground): Promise<Figures<'badInput'>> {
  const host = await startGitHost();
  const repository = host.create(PROJECT);
  // This process is busy with that for longer than a server keeps a connection that nothing comes on.
  const files = refusedFiles();
  const commits = files.map((text, n) => repository.commit({ 'slipway.yml': text }, `file ${n}`));
  const system = await startSystem({ ...ground, worker: false });
  try {
    await system.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    await bring(system, { repository, files, commits }, WARM_ROUNDS);
    await sleep(REST_MS);
    const startMb = await residentMb(system.server);
    const wrong = await bring(system, { repository, files, commits }, ROUNDS);
    await sleep(REST_MS);
    const endMb = await residentMb(system.server);
    const ratio = round(endMb / startMb);
    const count = ROUNDS * commits.length;
    return {
      rows: [
        {
          what: `memory of the server after ${count} lints and ${count} pushes of ${commits.length} bad files, ${AT_ONCE} at once, at rest`,
          value: `${endMb} MB (${ratio} ×)`,
          floor: `${startMb} MB (after ${WARM_ROUNDS * commits.length} of each)`,
          goal: '≤ 1.2 ×',
        },
        {
          what: 'of those, answered without a reason or not at all',
          value: String(wrong),
          floor: '–',
          goal: '0',
        },
      ],
      json: { startMb, endMb, ratio, wrong },
    };
  } finally {
    await system.stop();
    await host.close();
  }
}

interface BadFiles {
  readonly repository: HostedRepository;
  readonly files: readonly string[];
  /** In it, each with its file as pipeline file. */
  readonly commits: readonly string[];
}

/** Some of the worst files are only large: those are builds that would wait for a worker. */
function refusedFiles(): readonly string[] {
  const isRefused = (text: string): boolean =>
    lintPipeline(text, PIPELINE_FILE).some(({ severity }) => severity === 'error');
  return Object.values(HOSTILE_FILES).filter(isRefused);
}

/** Each file so many times by each way; resolves with how many were answered otherwise than they should be, once all are. */
async function bring(
  system: System,
  { repository, files, commits }: BadFiles,
  rounds: number,
): Promise<number> {
  const before = await endsOf(system);
  const count = rounds * commits.length;
  let wrong = 0;
  await eachOf(count, async (n) => {
    if (!(await onceMore(() => isAnswered(system, files[n % files.length] ?? '')))) wrong += 1;
  });
  let accepted = 0;
  await eachOf(count, async (n) => {
    const commit = commits[n % commits.length] ?? '';
    const id = randomUUID();
    // The same body is the same push, whatever id it comes with.
    const payload = pushPayload({ repository: repository.fullName, commit, message: id });
    const { status } = await onceMore(() => system.deliver('push', payload, id));
    if (status === 202) accepted += 1;
  });
  const isOver = async () => (await sleep(500), (await endsOf(system)).all >= before.all + accepted);
  await until(isOver, 'all pushes are builds that have ended', 1_800_000);
  const refused = (await endsOf(system)).failures - before.failures;
  return wrong + count - refused;
}

/** The builds that have ended since the server began, and those of them that told their user why. */
async function endsOf({ url, adminToken }: System): Promise<{ all: number; failures: number }> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const text = await onceMore(async () => (await fetch(`${url}/metrics`, { headers })).text());
  const ends = [...text.matchAll(/^slipway_builds_ended_total\{status="(\w+)"\} (\d+)$/gm)];
  const all = ends.reduce((sum, [, , count]) => sum + Number(count), 0);
  return { all, failures: Number(ends.find(([, status]) => status === 'failure')?.[2] ?? 0) };
}

/** A list of problems, or the size named for what is larger than any request. */
async function isAnswered({ url, adminToken }: System, text: string): Promise<boolean> {
  const response = await fetch(`${url}/api/v1/lint`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  if (response.status === 413)
    return ((await response.json()) as { error?: { code: string } }).error?.code === 'body_too_large';
  return response.ok && Array.isArray(((await response.json()) as LintView).problems);
}

/** A connection that the server ends because it is idle may meet the next request on its way, which any client sends again. */
function onceMore<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch(ask);
}

async function eachOf(count: number, one: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
