import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildSummary } from '../src/core/views/build-view.ts';
import type { Page } from '../src/core/views/page.ts';
import { freePort } from '../src/parts/registry.ts';
import { endOf } from '../test/support/builds.ts';
import { pushPayload } from '../test/support/github-payloads.ts';
import { until, type System } from '../test/support/system.ts';
import { HOST, serviceFiles, TEST_COMMAND } from './app-files.ts';
import { dockerCommand } from './docker-run.ts';
import { median, round, type Figures } from './figures.ts';
import { measuredSystem, type Measured } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const PAIRS = 7;

/**
 * From a push to the public host that serves it, against `baseline.sh`, which does the same one thing after another
 * with the plain command lines, on the same repository, engine, build cache, registry and a router of its own.
 * Cold: every layer is new. Warm: one line of code changed.
 */
export async function pushToProduction(ground: Ground): Promise<Figures<'pushToProduction'>> {
  return measuredSystem(ground, serviceFiles('0', 'first'), async (measured) => {
    const script = await prepareScript(measured, ground);
    const samples: Samples = {
      cold: { ours: [], theirs: [] },
      warm: { ours: [], theirs: [] },
    };
    try {
      await measurePairs(measured, script, samples, ground);
    } finally {
      await script.end();
    }
    return report(samples);
  });
}

type Samples = Record<'cold' | 'warm', { ours: number[]; theirs: number[] }>;

async function measurePairs(
  measured: Measured,
  script: Script,
  samples: Samples,
  ground: Ground,
): Promise<void> {
  // One round that does not count brings the base image into the registry, which whoever comes first would pay.
  await oursTakes(measured, serviceFiles('ours-before', 'before'));
  await script.takes(serviceFiles('theirs-before', 'before'), 'theirs-before');
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const kind of ['cold', 'warm'] as const) {
      // Each side gets layers of its own when cold, so that neither warms the other's cache.
      const files = (side: string) => serviceFiles(`${side}-${kind}-${pair}`, `${side}-${pair}`);
      const { ours, theirs } = samples[kind];
      const takeOurs = async () => ours.push(await oursTakes(measured, files('ours'), Math.min(...ours)));
      const takeTheirs = async () =>
        theirs.push(await script.takes(files('theirs'), `theirs-${kind}-${pair}`));
      // What each leaves warm helps the other: they take turns in going first.
      for (const take of pair % 2 === 0 ? [takeOurs, takeTheirs] : [takeTheirs, takeOurs]) await take();
      ground.say(
        `  pair ${pair + 1} ${kind}: ${round(ours[pair] ?? NaN)} ms, script ${round(theirs[pair] ?? NaN)} ms`,
      );
    }
  }
}

function report(samples: Samples): Figures<'pushToProduction'> {
  const [cold, warm] = [samples.cold, samples.warm];
  const coldRatio = round(median(cold.ours) / median(cold.theirs));
  const warmRatio = round(median(warm.ours) / median(warm.theirs));
  const scriptColdMs = round(median(cold.theirs));
  const scriptWarmMs = round(median(warm.theirs));
  const row = (name: string, ratio: number, ours: number[], scriptMs: number) => ({
    what: `push → production, ${name}, median of ${PAIRS} interleaved pairs`,
    value: `${round(median(ours))} ms (${ratio} ×)`,
    floor: `${scriptMs} ms (sequential script)`,
    goal: '≤ 1.15 ×, to become 0.75 ×',
  });
  return {
    rows: [
      row('cold', coldRatio, cold.ours, scriptColdMs),
      row('one-line change', warmRatio, warm.ours, scriptWarmMs),
    ],
    json: { coldRatio, warmRatio, scriptColdMs, scriptWarmMs },
  };
}

/**
 * The part of the time of the quickest push so far in which nobody asks whether the next one is live: each question costs
 * the machine some milliseconds that the script's one question does not.
 */
const UNASKED = 0.75;

async function oursTakes(
  measured: Measured,
  files: Record<string, string>,
  quickest = Infinity,
): Promise<number> {
  const version = /version = '([^']+)'/.exec(files['server.mjs'] ?? '')?.[1] ?? '';
  const { repository, system } = measured;
  const start = performance.now();
  // Nothing is asked of the server meanwhile: the script has nobody who looks at it, either.
  const commit = repository.commit(files, version);
  const payload = { repository: repository.fullName, commit, branch: 'main', message: version };
  const { status } = await system.deliver('push', pushPayload(payload));
  if (status !== 202) throw new Error(`the delivery was answered ${status}`);
  const unasked = Number.isFinite(quickest) ? quickest * UNASKED : 0;
  await sleep(Math.max(0, start + unasked - performance.now()));
  await until(
    async () => (await system.ask(HOST)).text.includes(`"${version}"`),
    `${version} is live`,
    120_000,
  );
  const ms = performance.now() - start;
  // The script has the machine for itself: what follows a switch, drain and all, has come to its end.
  await endOf(system, await buildOf(system, commit));
  return ms;
}

async function buildOf(system: System, commit: string): Promise<string> {
  const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
  const build = items.find((item) => item.commit === commit);
  if (build === undefined) throw new Error(`commit ${commit} is live without a build`);
  return build.id;
}

interface Script {
  takes(files: Record<string, string>, version: string): Promise<number>;
  end(): Promise<void>;
}

/** The script's own repository, router and slots; what it makes is removed by its `end`. */
async function prepareScript({ host, system }: Measured, ground: Ground): Promise<Script> {
  const repository = host.create('bench/script');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: ground.dir,
    DOCKER: await dockerCommand(),
    DOCKER_HOST: ground.dockerHost,
    REPOSITORY: repository.cloneUrl,
    REGISTRY: system.registry.host,
    WORK: path.join(ground.dir, 'script'),
    TEST_COMMAND,
    PUBLIC_HOST: HOST,
    PORT: String(await freePort()),
  };
  const run = (...args: string[]): Promise<void> => runScript(args, env);
  await run('begin');
  return {
    takes: async (files, version) => {
      const start = performance.now();
      repository.commit(files, version);
      await run('deploy', version);
      const ms = performance.now() - start;
      await run('tidy');
      return ms;
    },
    end: () => run('end'),
  };
}

function runScript(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const script = fileURLToPath(new URL('baseline.sh', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`baseline.sh ${args.join(' ')}: ${code}\n${output}`)),
    );
  });
}
