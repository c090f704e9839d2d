import path from 'node:path';
import type { SharePlan, StepPlan } from '../../src/core/plan.ts';
import { Problem } from '../../src/core/problem.ts';
import { SPLIT_LIMITS, type Division, type FileShare } from '../../src/core/split.ts';
import { unlessAborted } from '../../src/core/unless-aborted.ts';
import { listFiles, NotCollected } from '../collect/collect-files.ts';
import { EngineLost } from '../engine/engine-lost.ts';
import { tarOf } from '../engine/tar.ts';
import type { LogSink } from '../log-sink.ts';
import { badOutcome, cancelledBy, ENGINE_LOST, type Outcome } from '../outcome.ts';
import type { StepContainer } from './step-container.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** Where a share finds the names of its test files, one a line. */
export const SPLIT_FILE = '/.slipway-split/files';

/** A share of a step whose container waits for its commands. */
export interface WaitingShare {
  readonly container: StepContainer;
  readonly workingDirectory: string;
  /** Aborts when the share ends. */
  readonly signal: AbortSignal;
}

/** What a share has to do; or how it ends, since that is nothing, or nobody could say what it is. */
export type ShareWork =
  | { readonly kind: 'files'; readonly share: FileShare; readonly division: Division }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/**
 * The test files of steps that run in shares. The first share whose turn comes looks for them in its container, and has
 * them divided; where that fails, the next one tries.
 */
export class SplitFiles {
  readonly #context: Pick<WorkflowContext, 'engine' | 'divideFiles'>;
  readonly #divisions = new Map<string, Promise<Division>>();

  constructor(context: Pick<WorkflowContext, 'engine' | 'divideFiles'>) {
    this.#context = context;
  }

  /** What a share has to do; null where its commands find that out themselves. Rejects never. */
  async workOf({ split }: Pick<StepPlan, 'split'>, waiting: WaitingShare): Promise<ShareWork | null> {
    if (split === undefined || split.files === null) return null;
    const before = this.#divisions.get(split.step) ?? Promise.reject(new Error('nobody has looked yet'));
    const division = before.catch(() => this.#divide(split, waiting));
    this.#divisions.set(split.step, division);
    try {
      const divided = await unlessAborted(division, waiting.signal);
      const share = divided[split.share - 1] ?? { files: [], expectedMs: null };
      if (share.files.length > 0) return { kind: 'files', share, division: divided };
      const reason = 'there are more shares than test files, and none is left for this one';
      return { kind: 'end', outcome: { status: 'skipped', reason, exitCode: null } };
    } catch (error) {
      return { kind: 'end', outcome: outcomeOf(error, waiting.signal) };
    }
  }

  async #divide(
    { step, of, files, directory }: SharePlan,
    { container, workingDirectory, signal }: WaitingShare,
  ): Promise<Division> {
    const patterns = files ?? [];
    const place = {
      engine: this.#context.engine,
      containerId: container.id,
      directory: path.posix.join(workingDirectory, directory ?? '.'),
      signal,
    };
    const found = (await listFiles(place, patterns)).filter(isOwn(patterns));
    demandWithin(found, step);
    return this.#context.divideFiles(step, of, found, signal);
  }
}

/**
 * Writes the names of a share's test files into its container, and says in the log how many they are. Null, or why it
 * cannot begin.
 */
export async function giveFiles(
  { engine }: Pick<WorkflowContext, 'engine'>,
  { container, signal }: WaitingShare,
  { share, division }: Extract<ShareWork, { kind: 'files' }>,
  sink: LogSink,
): Promise<Outcome | null> {
  const [folder = '', name = ''] = SPLIT_FILE.slice(1).split('/');
  const bytes = Buffer.from(share.files.map((file) => `${file}\n`).join(''));
  const archive = tarOf([
    { name: `${folder}/`, mode: 0o755, bytes: Buffer.alloc(0) },
    { name: `${folder}/${name}`, mode: 0o644, bytes },
  ]);
  try {
    await engine.putArchive(container.id, '/', archive, signal);
    await sink.say(sentence(share, division));
    return null;
  } catch (error) {
    return outcomeOf(error, signal);
  }
}

/** Why a step that was given no test files cannot begin; null where it needs none. It would be green with nothing run. */
export function whyNoFiles({ split }: Pick<StepPlan, 'split'>): Outcome | null {
  return split === undefined || split.files === null
    ? null
    : badOutcome('test_files_unknown', { cause: 'nobody has said which' });
}

function sentence({ files, expectedMs }: FileShare, division: Division): string {
  const all = division.reduce((sum, share) => sum + share.files.length, 0);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const total = division.reduce((sum, share) => sum + (share.expectedMs ?? 0), 0);
  const time =
    expectedMs === null
      ? ', by their number: no report tells yet how long they take'
      : `, about ${seconds(expectedMs)} of ${seconds(total)}`;
  return `Test files of this share: ${files.length} of ${all}${time}.`;
}

/** Files of installed packages are tests of others, unless a pattern names their folder. */
function isOwn(patterns: readonly string[]): (file: string) => boolean {
  const foreign = FOREIGN.filter((folder) => !patterns.some((pattern) => pattern.includes(folder)));
  return (file) => !file.split('/').some((segment) => foreign.includes(segment));
}

const FOREIGN = ['node_modules', 'vendor', 'site-packages'];

function demandWithin(files: readonly string[], step: string): void {
  const { files: most, name, bytes } = SPLIT_LIMITS;
  if (files.length === 0)
    throw new NotCollected(
      `no file matches \`files\` of its \`split\`: write patterns that find the tests of ${step}`,
    );
  if (files.length > most) throw new NotCollected(`there are more than ${most} test files`);
  const long = files.find((file) => file.length > name);
  if (long !== undefined) throw new NotCollected(`a name is longer than ${name} characters: ${long}`);
  if (files.reduce((sum, file) => sum + Buffer.byteLength(file), 0) > bytes)
    throw new NotCollected(`the names of its test files are longer than ${bytes} bytes together`);
}

/** What lies in the repository, or does not, is the user's. */
function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted) return cancelledBy(signal);
  if (error instanceof EngineLost) return ENGINE_LOST;
  const isFull = error instanceof Problem && error.code === 'split_no_room';
  const message = error instanceof Error ? error.message : String(error);
  const cause = (isFull ? `${message} ${error.fix}` : message).trim().replace(/\.$/, '');
  const isOfUser = error instanceof NotCollected || isFull;
  const end = badOutcome(isOfUser ? 'test_files_missing' : 'test_files_unknown', { cause });
  return error instanceof Problem ? { ...end, code: error.code } : end;
}
