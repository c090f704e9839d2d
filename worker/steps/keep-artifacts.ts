import { ARTIFACT_LIMITS } from '../../src/core/artifact.ts';
import { Problem } from '../../src/core/problem.ts';
import { listFiles } from '../collect/collect-files.ts';
import { packFiles, type Packed } from '../collect/pack-files.ts';
import { badOutcome, type Outcome } from '../outcome.ts';
import { formatBytes } from '../registry/format-bytes.ts';
import type { EndedStep } from './keep-reports.ts';
import { openFiles } from './open-files.ts';
import type { WorkflowContext } from './workflow-context.ts';

/**
 * Keeps the artifact of a step whose commands are over, however they ended. A success whose artifact could not be kept is
 * none: somebody counts on it. That no file is there is said in the log and fails nothing.
 */
export async function keepArtifact(
  context: WorkflowContext,
  step: EndedStep,
  outcome: Outcome,
): Promise<Outcome> {
  const { artifacts } = step.plan;
  if (artifacts === undefined || context.sendArtifact === undefined || step.signal.aborted) return outcome;
  const { name, paths, keepMs } = artifacts;
  try {
    const said = await openFiles(context, step, async (place) => {
      const names = await listFiles(place, paths);
      if (names.length === 0) return `No file for the artifact ${name} was found.`;
      if (names.length > ARTIFACT_LIMITS.files)
        throw new Error(`it has ${names.length} files, more than ${ARTIFACT_LIMITS.files}`);
      const about = { attemptId: step.row.attemptId, name, keepMs };
      const pack = (file: string): Promise<Packed> => packFiles(place, names, file);
      const packed = await context.sendArtifact?.(about, pack, step.inTime);
      return packed === undefined || packed === null
        ? `A run without a server keeps no artifacts: ${name} would have ${filesText(names.length)}.`
        : `Kept the artifact ${name}: ${filesText(packed.files)}, ${formatBytes(packed.bytes)}.`;
    });
    await step.sink.say(said);
    return outcome;
  } catch (error) {
    if (step.signal.aborted) return outcome;
    const cause = step.inTime.aborted
      ? 'to collect and send it took too long'
      : error instanceof Error
        ? error.message.replace(/\.$/, '')
        : String(error);
    const end = badOutcome('artifact_not_kept', { name, cause }, outcome.exitCode);
    const { reason } = end;
    const fails = outcome.status === 'success';
    // The reason of an end is the last line of its log.
    if (!fails) await step.sink.say(`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
    if (error instanceof Problem) await step.sink.say(error.fix);
    if (!fails) return outcome;
    return error instanceof Problem ? { ...end, code: error.code } : end;
  }
}

const filesText = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`;
