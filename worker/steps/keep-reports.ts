import type { StepPlan } from '../../src/core/plan.ts';
import { countsText, type TestReport } from '../../src/core/test-report.ts';
import type { StepWork } from '../../src/core/work.ts';
import { listFiles, markFiles, type FileMarks, type FilesPlace } from '../collect/collect-files.ts';
import { textMasker } from '../logs/mask-reasons.ts';
import type { LogSink } from '../log-sink.ts';
import { readReports } from '../reports/read-reports.ts';
import { WORKSPACE } from './fill-workspace.ts';
import { openFiles } from './open-files.ts';
import type { StepContainer } from './step-container.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** A step whose commands are over. */
export interface EndedStep {
  readonly plan: StepPlan;
  readonly row: StepWork;
  /** Where they ran; it may have ended with them. */
  readonly container: StepContainer;
  readonly workingDirectory: string;
  readonly sink: LogSink;
  /** Aborts when nothing that the step has left matters any more. */
  readonly signal: AbortSignal;
  /** Aborts with it, and when the time is over for what is collected and sent of this attempt. */
  readonly inTime: AbortSignal;
}

/**
 * Marks what of an earlier attempt of a step lies where its reports will. Call it before the commands of a further
 * attempt; outside of the workspace nothing is left of an earlier one.
 */
export async function markReports(
  { engine, keepTests }: Pick<WorkflowContext, 'engine' | 'keepTests'>,
  {
    plan,
    container,
    workingDirectory: directory,
    inTime: signal,
  }: Omit<EndedStep, 'row' | 'sink' | 'signal'>,
): Promise<FileMarks> {
  const patterns = plan.reports?.junit;
  const isShared = directory === WORKSPACE || directory.startsWith(`${WORKSPACE}/`);
  if (patterns === undefined || keepTests === undefined || !isShared) return new Map();
  const place = { engine, containerId: container.id, directory, signal };
  try {
    return await markFiles(place, await listFiles(place, patterns));
  } catch {
    // Read again is better than not read; what is wrong is said when the attempt is over.
    return new Map();
  }
}

/**
 * Reads the test reports of a step that has ended, however, and tells the server. What goes wrong is a line of its log:
 * a step does not fail for want of a report.
 * @param before What {@link markReports} has told before a further attempt.
 */
export async function keepReports(
  context: WorkflowContext,
  step: EndedStep,
  before?: FileMarks,
): Promise<void> {
  const patterns = step.plan.reports?.junit;
  if (patterns === undefined || context.keepTests === undefined || step.signal.aborted) return;
  const { sink, signal, inTime, row } = step;
  try {
    const mask = textMasker(context.secrets);
    const read = (place: FilesPlace): Promise<TestReport> => readReports(place, patterns, mask, before);
    const report = await openFiles(context, step, read);
    await sink.say(sentence(report));
    const isKept = await context.keepTests(row.attemptId, report, inTime);
    if (!isKept) await sink.say('The server is older than this worker and keeps no test reports.');
  } catch (error) {
    if (signal.aborted) return;
    await sink.say(
      inTime.aborted
        ? 'The test reports could not be kept: to collect and send them took too long.'
        : `The test reports could not be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function sentence({ files, counts, note }: TestReport): string {
  const read = files === 0 ? 'No test report was found' : `Tests: ${countsText(counts)}`;
  const from = files === 0 ? '' : ` (${files} ${files === 1 ? 'report' : 'reports'})`;
  return `${read}${from}${note === null ? '' : `; ${note}`}.`;
}
