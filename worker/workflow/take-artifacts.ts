import { ARTIFACT_LIMITS } from '../../src/core/artifact.ts';
import { Problem } from '../../src/core/problem.ts';
import type { TakenArtifact, TakenWork } from '../../src/core/work.ts';
import { NotUnpacked, unpackFiles, unpackingInto, type Unpacking } from '../collect/unpack-files.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, badOutcome, outcomeOfProblem, type Outcome } from '../outcome.ts';
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
  if (first !== undefined) return badOutcome('artifact_not_there', { cause: first });
  if (artifacts.length > ARTIFACT_LIMITS.taken)
    return badOutcome('artifacts_too_many', { count: artifacts.length, most: ARTIFACT_LIMITS.taken });
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
  const about = { name, workflow };
  if (isLate) return badOutcome('artifact_not_taken', { ...about, cause: 'it took too long' });
  const { code, message } = error as NodeJS.ErrnoException;
  // That the disk is full is told with the disk's name.
  if (!(error instanceof Error) || code === 'ENOSPC') throw error;
  const cause = lowered(message);
  if (error instanceof NotUnpacked) return badOutcome('artifact_not_unpacked', { ...about, cause });
  const end = badOutcome('artifact_not_taken', { ...about, cause });
  if (!(error instanceof Problem)) return end;
  await log.say(error.fix);
  const status = code === 'artifact_gone' ? 'failure' : 'error';
  return outcomeOfProblem(error, { status, reason: end.reason });
}

const lowered = (sentence: string): string =>
  `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, '');
