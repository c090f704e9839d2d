import { ARTIFACT_LIMITS } from '../../src/core/artifact.ts';
import { Problem } from '../../src/core/problem.ts';
import type { TakenArtifact, TakenWork } from '../../src/core/work.ts';
import { NotUnpacked, unpackFiles, unpackingInto, type Unpacking } from '../collect/unpack-files.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, type Outcome } from '../outcome.ts';
import { formatBytes } from '../registry/format-bytes.ts';
import { SUCCESS } from './outcomes.ts';

/**
 * Gives `act` an artifact as a file, which is all of it and goes afterwards. Rejects as soon as `signal` aborts.
 */
export type TakeArtifact = <T>(
  artifact: TakenArtifact,
  act: (file: string) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

export interface TakeArtifacts {
  readonly takes: TakenWork;
  readonly take: TakeArtifact;
  /** The checkout, which nothing else writes to any more. */
  readonly directory: string;
  /** How long one of them may take. */
  readonly keepingMs: number;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

/**
 * Brings the artifacts that a workflow takes into its checkout, before anything is built or run of that. One that is not
 * there, or does not fit into the workspace, is a failure: nothing that counts on it begins.
 */
export async function takeArtifacts(work: TakeArtifacts): Promise<Outcome> {
  const { takes, directory, log, signal } = work;
  const { artifacts, missing } = takes;
  const [first] = missing;
  for (const why of missing.slice(1)) await log.say(`${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
  if (first !== undefined) return failed(first);
  if (artifacts.length > ARTIFACT_LIMITS.taken)
    return failed(`it takes ${artifacts.length} artifacts, more than ${ARTIFACT_LIMITS.taken}`);
  const unpacking = unpackingInto(directory);
  for (const artifact of artifacts) {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(work.keepingMs)]);
    try {
      await takeOne(work, artifact, unpacking, inTime);
    } catch (error) {
      if (signal.aborted) return abortOutcome(signal);
      return await outcomeOf(error, artifact, { log, isLate: inTime.aborted });
    }
  }
  return SUCCESS;
}

async function takeOne(
  { take, log }: TakeArtifacts,
  artifact: TakenArtifact,
  unpacking: Unpacking,
  signal: AbortSignal,
): Promise<void> {
  const { name, workflow, step, path: below, bytes } = artifact;
  const files = await take(
    artifact,
    (file) => unpackFiles(unpacking, { file, below, owner: workflow, signal }),
    signal,
  );
  await log.say(
    `Took the artifact ${name} of ${workflow} (step ${step}): ${files} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}.`,
  );
}

async function outcomeOf(
  error: unknown,
  { name, workflow }: TakenArtifact,
  { log, isLate }: { log: LogSink; isLate: boolean },
): Promise<Outcome> {
  const what = `the artifact ${name} of ${workflow} could not be taken`;
  if (isLate) return { status: 'error', reason: `${what}: it took too long`, exitCode: null };
  const { code, message } = error as NodeJS.ErrnoException;
  // That the disk is full is told with the disk's name.
  if (!(error instanceof Error) || code === 'ENOSPC') throw error;
  const reason = `${what}: ${lowered(message)}`;
  const isOfUser = error instanceof NotUnpacked || code === 'artifact_gone';
  if (error instanceof Problem) await log.say(error.fix);
  return isOfUser ? failed(reason) : { status: 'error', reason, exitCode: null };
}

const failed = (reason: string): Outcome => ({ status: 'failure', reason, exitCode: null });

const lowered = (sentence: string): string =>
  `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, '');
