import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { measuredSystem, type Measured } from '../../../bench/measured-system.ts';
import { withEngine, type Ground } from '../../../bench/with-engine.ts';
import type { BuildSummary } from '../../../src/core/views/build-view.ts';
import type { DeliveryView } from '../../../src/core/views/delivery-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import { logOf } from '../../scenarios/support/read-build.ts';
import { endOf } from '../../support/builds.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { until, type System } from '../../support/system.ts';

export interface HugeOptions {
  /** In the last commit; they come with a hundred commits. */
  readonly files: number;
  /** Of files that do not compress. */
  readonly megabytes: number;
}

const COMMITS = 100;
const LARGE_MB = 50;
const MOST_MS = 30 * 60_000;

/**
 * A repository of many objects and many bytes: whether it is built as any other, and refused with an error of the
 * catalogue where a fetch may not take that long. Prints what server and worker held meanwhile.
 */
export async function hugeRepository(options: HugeOptions): Promise<boolean> {
  const complaints: string[] = [];
  await withEngine((ground) => onGround(ground, options, complaints));
  for (const complaint of complaints) console.log(complaint);
  console.log(complaints.length === 0 ? 'nothing was found' : `${complaints.length} problems were found`);
  return complaints.length === 0;
}

function onGround(ground: Ground, options: HugeOptions, complaints: string[]): Promise<void> {
  const step = {
    name: 'unit',
    image: 'slipway-test/busybox:1',
    commands: ['echo "$(find many large -type f | wc -l) files"'],
  };
  const files = { 'slipway.yml': JSON.stringify({ steps: [step] }) };
  return measuredSystem(ground, files, async (measured) => {
    const { system } = measured;
    const startMs = Date.now();
    const commit = await fill(measured, options);
    const large = Math.ceil(options.megabytes / LARGE_MB);
    console.log(
      `${options.files + large} files, ${options.megabytes} MB, made in ${secondsSince(startMs)}; ${await held(system)}`,
    );
    await builds(measured, commit, `${options.files + large} files`, complaints);
    await refuses(measured, commit, complaints);
  });
}

async function builds(
  { system, repository }: Measured,
  commit: string,
  said: string,
  complaints: string[],
): Promise<void> {
  const startMs = Date.now();
  await system.deliver('push', pushPayload({ repository: repository.fullName, commit }));
  let id: string | undefined;
  await until(
    async () => {
      const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
      id = items.find((build) => build.commit === commit)?.id;
      return id !== undefined;
    },
    'the push is a build',
    MOST_MS,
  );
  const build = await endOf(system, id ?? '', MOST_MS);
  console.log(`built in ${secondsSince(startMs)}: ${build.status}; ${await held(system)}`);
  if (build.status !== 'success') complaints.push(`the build ended: ${build.status}, ${build.reason ?? ''}`);
  else if (!(await logOf(system, build, 'unit')).includes(said)) complaints.push(`the step saw no ${said}`);
}

/** With a mirror that is gone, and a second for a fetch. */
async function refuses(
  { system, repository }: Measured,
  commit: string,
  complaints: string[],
): Promise<void> {
  const ended = system.server === null ? null : once(system.server, 'exit');
  system.server?.kill('SIGTERM');
  await ended;
  await rm(path.join(system.dir, 'data', 'mirrors'), { recursive: true });
  await system.startServer({ SLIPWAY_GIT_FETCH_MS: '1000' });
  const startMs = Date.now();
  const answer = await system.deliver('push', pushPayload({ repository: repository.fullName, commit }));
  const { delivery: id } = (await answer.json()) as { delivery: string };
  let delivery: DeliveryView | undefined;
  await until(
    async () => {
      delivery = await system.api<DeliveryView>('GET', `/deliveries/${id}`);
      return delivery.outcome !== 'received';
    },
    'the delivery is done',
    MOST_MS,
  );
  const { outcome, reason } = delivery ?? {};
  console.log(
    `with a second for a fetch, in ${secondsSince(startMs)}: ${outcome}, ${reason}; ${await held(system)}`,
  );
  if (outcome !== 'failed' || reason?.includes('took longer than 1 seconds') !== true)
    complaints.push(`the delivery is not refused as repository_too_slow: ${outcome}, ${reason}`);
}

/** Adds the files to `main`, by the format of `git fast-import`; returns the newest commit. */
async function fill({ repository }: Measured, options: HugeOptions): Promise<string> {
  const bare = repository.git('remote', 'get-url', 'origin');
  const git = spawn('git', ['-C', bare, 'fast-import', '--quiet'], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(git, 'exit');
  await pipeline(Readable.from(commitsOf(options)), git.stdin);
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`git fast-import ended with ${status}`);
  return repository.git('ls-remote', 'origin', 'refs/heads/main').split('\t')[0] ?? '';
}

function* commitsOf({ files, megabytes }: HugeOptions): Generator<string | Buffer> {
  for (let number = 0; number < COMMITS; number++) {
    yield commitLine(number, `commit ${number}`);
    if (number === 0) yield 'from refs/heads/main^0\n';
    for (let n = number; n < files; n += COMMITS)
      yield* fileAt(`many/${n % 200}/${n}`, Buffer.from(`${n}\n`));
  }
  for (let left = megabytes, n = 0; left > 0; left -= LARGE_MB, n++) {
    yield commitLine(COMMITS + n, `large ${n}`);
    yield* fileAt(`large/${n}`, randomBytes(Math.min(left, LARGE_MB) * 1_000_000));
  }
}

function commitLine(number: number, message: string): string {
  const who = `Ada <ada@example.com> ${1_700_000_000 + number} +0000`;
  return `commit refs/heads/main\ncommitter ${who}\ndata ${message.length}\n${message}\n`;
}

function* fileAt(name: string, content: Buffer): Generator<string | Buffer> {
  yield `M 100644 inline ${name}\ndata ${content.length}\n`;
  yield content;
  yield '\n';
}

async function held({ server, worker }: System): Promise<string> {
  const of = async (name: string, pid: number | undefined): Promise<string> => {
    const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8');
    const megabytes = (key: string) =>
      Math.round(Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_000);
    return `${name} ${megabytes('VmRSS')} MB (at most ${megabytes('VmHWM')})`;
  };
  return [await of('server', server?.pid), await of('worker', worker?.pid)].join(', ');
}

const secondsSince = (startMs: number): string => `${((Date.now() - startMs) / 1_000).toFixed(1)} s`;
