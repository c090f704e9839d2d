import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuiltImage } from '../../src/core/image.ts';
import { PLAN_DEFAULTS } from '../../src/core/plan-defaults.ts';
import type { ImagePlan } from '../../src/core/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, badOutcome, ENGINE_LOST, tooLong, type Outcome } from '../outcome.ts';
import { buildArguments } from './build-arguments.ts';
import type { BuildClient } from './build-client.ts';
import { explainBuildFailure, TAKEN_AWAY } from './build-failure.ts';
import { readBuildProgress, type BuildProgress } from './build-progress.ts';
import { insideRepository, PathEscapes } from './inside-repository.ts';
import { runClient } from './run-client.ts';
import { makeScratch, writeClientConfiguration, type RegistryLogins, type Scratch } from './scratch.ts';

export interface BuildImage {
  readonly client: BuildClient;
  readonly engine: Pick<Engine, 'host' | 'inspectImage' | 'hold' | 'isUp'>;
  /** The checkout: root of the repository. */
  readonly directory: string;
  readonly plan: ImagePlan;
  /** Values of at least the secrets that `plan.secrets` names. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Build arguments beside those of the plan, which win. */
  readonly args: Readonly<Record<string, string>>;
  /**
   * Local tag, by whose repository the image is removed ({@link buildRepository}); the test image gets it with `-test`.
   * Not a label: labels are part of the digest, and every container of the image has them too.
   */
  readonly tag: string;
  /** Credentials by `host[:port]`, for private base images. */
  readonly registries: RegistryLogins;
  /** Path of a CA bundle, mounted as the build secret `ca_bundle`; null: none. */
  readonly caBundle: string | null;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

export interface BuildImageResult {
  /**
   * `failure`: the Dockerfile's doing, also a missing secret, a path outside the repository or the plan's timeout;
   * `error`: the engine's, also when that is lost: the client itself would wait for it without end.
   */
  readonly outcome: Outcome;
  /** Set when and only when the outcome is success. */
  readonly image: BuiltImage | null;
}

/**
 * Builds the image of a plan with BuildKit, then its test target, which shares the cache. Secrets are mounts, read
 * from files that are gone afterwards; by BuildKit's rule their values are no part of the cache's keys. Within 2 s
 * after an abort the engine works on it no more. The reason is the caller's to log; the log is not ended.
 */
export async function buildImage(work: BuildImage): Promise<BuildImageResult> {
  const missing = work.plan.secrets.filter((name) => work.secrets[name] === undefined);
  if (missing.length > 0) {
    const reason = `The secret ${missing.join(', ')} is not set in this project.`;
    return end({ status: 'failure', reason, code: 'secret_missing', exitCode: null });
  }
  const files = await findFiles(work);
  if ('status' in files) return end(files);
  const scratch = await makeScratch();
  const { timeoutMs = PLAN_DEFAULTS.imageTimeoutMs } = work.plan;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooLong(timeoutMs)), timeoutMs);
  const letGo = work.engine.hold(() => late.abort(ENGINE_LOST));
  try {
    return await buildTargets(
      { ...work, signal: AbortSignal.any([work.signal, late.signal]) },
      files,
      scratch,
    );
  } finally {
    letGo();
    clearTimeout(timer);
    await scratch.remove();
  }
}

interface Files {
  readonly dockerfile: string;
  readonly context: string;
}

async function findFiles({ directory, plan }: BuildImage): Promise<Files | Outcome> {
  try {
    const dockerfile = await insideRepository(directory, plan.dockerfile);
    if (dockerfile === null) return notThere(plan.dockerfile);
    const context = await insideRepository(directory, plan.context);
    return context === null ? notThere(plan.context) : { dockerfile, context };
  } catch (error) {
    if (error instanceof PathEscapes) return badOutcome('build_file_missing', { cause: error.message });
    throw error;
  }
}

async function buildTargets(work: BuildImage, files: Files, scratch: Scratch): Promise<BuildImageResult> {
  const { plan } = work;
  const secretFiles = await writeSecrets(work, scratch);
  const configuration = await writeClientConfiguration(scratch, work.registries);
  const build = (target: string | null, tag: string): Promise<OneBuild> =>
    buildUntilThere({ work, files, target, tag, secretFiles, configuration, scratch });

  const ship = await build(plan.target, work.tag);
  if (ship.facts === null) return end(ship.outcome);
  const twoTargets = plan.testTarget !== null && plan.testTarget !== plan.target;
  const test = twoTargets ? await build(plan.testTarget, `${work.tag}-test`) : ship;
  if (test.facts === null) return end(test.outcome);

  const image: BuiltImage = {
    imageId: ship.facts.id,
    testImageId: test.facts.id,
    sizeBytes: ship.facts.sizeBytes,
    layers: ship.facts.layerIds.length,
    cachedSteps: ship.progress.cachedSteps,
    totalSteps: ship.progress.totalSteps,
  };
  await work.log.say(
    `Built ${image.imageId}: ${image.layers} layers, ${(image.sizeBytes / 1e6).toFixed(1)} MB; ` +
      `${image.cachedSteps} of ${image.totalSteps} steps from the cache.`,
  );
  return { outcome: { status: 'success', reason: null, exitCode: null }, image };
}

/** One file a secret, named by number: a secret's name is the user's. */
async function writeSecrets(work: BuildImage, scratch: Scratch): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const [index, name] of work.plan.secrets.entries())
    files[name] = await scratch.write(`secret-${index}`, work.secrets[name] ?? '');
  return work.caBundle === null ? files : { ca_bundle: work.caBundle, ...files };
}

interface OneBuild {
  /** Of the image; set when and only when the outcome is success. */
  readonly facts: ImageFacts | null;
  readonly outcome: Outcome;
  readonly progress: BuildProgress;
}

/** How often a target is built in all while the engine takes its image away; all but the first are from the cache. */
const TRIES = 3;

/**
 * The same image may have been an earlier build's, whose name for it goes at this moment: an engine may then remove it
 * although it has a new name, see `worker/engine/image-removals.ts`.
 */
async function buildUntilThere(build: TargetBuild): Promise<OneBuild> {
  for (let number = 1; ; number += 1) {
    const one = await buildOne(build);
    if (one.outcome !== TAKEN_AWAY || number === TRIES) return one;
    await build.work.log.say(`${TAKEN_AWAY.reason}; building it again`);
  }
}

interface TargetBuild {
  readonly work: BuildImage;
  readonly files: Files;
  readonly target: string | null;
  readonly tag: string;
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly configuration: string;
  readonly scratch: Scratch;
}

async function buildOne(build: TargetBuild): Promise<OneBuild> {
  const { work, target } = build;
  const { client, plan, args, log, signal } = work;
  const imageIdFile = path.join(build.scratch.directory, `image-id-${target ?? ''}`.replaceAll('/', '_'));
  await log.say(`Building ${plan.dockerfile}${target === null ? '' : `, target ${target}`}`);
  const progress = readBuildProgress();
  const exitCode = await runClient({
    command: client.command,
    args: buildArguments({ ...build, ...build.files, client, plan, args, imageIdFile }),
    environment: clientEnvironment(work.engine.host, build.configuration),
    onLine: async (line) => {
      if (progress.readLine(line)) await log.write('stdout', Buffer.from(`${line}\n`));
    },
    signal,
  });
  if (signal.aborted) return { facts: null, outcome: abortOutcome(signal), progress };
  if (exitCode !== 0) return { facts: null, outcome: await explain(progress.closingLines, work), progress };
  const facts = await work.engine.inspectImage((await readFile(imageIdFile, 'utf8')).trim());
  if (facts === null) return { facts, outcome: TAKEN_AWAY, progress };
  return { facts, outcome: { status: 'success', reason: null, exitCode: null }, progress };
}

/** A client has many words for an engine that is going away: nothing is the Dockerfile's doing while there is none. */
async function explain(closingLines: readonly string[], { engine }: BuildImage): Promise<Outcome> {
  const outcome = explainBuildFailure(closingLines);
  return outcome.status === 'failure' && !(await engine.isUp()) ? ENGINE_LOST : outcome;
}

/** Nothing of this process's environment but what reaches the engine. No attestations: one digest, one image. */
function clientEnvironment(engineHost: string, configuration: string): Readonly<Record<string, string>> {
  const passed = ['PATH', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'SSH_AUTH_SOCK'];
  const own = passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    HOME: configuration,
    DOCKER_HOST: engineHost,
    DOCKER_CONFIG: configuration,
    DOCKER_BUILDKIT: '1',
    BUILDX_BUILDER: 'default',
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
  };
}

function notThere(name: string): Outcome {
  return badOutcome('build_file_missing', { cause: `There is no ${name} in this commit.` });
}

function end(outcome: Outcome): BuildImageResult {
  return { outcome, image: null };
}
