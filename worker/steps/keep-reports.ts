import type { StepPlan } from '../../src/core/plan.ts';
import { countsText, type TestReport } from '../../src/core/test-report.ts';
import type { StepWork } from '../../src/core/work.ts';
import type { FilesPlace } from '../collect/collect-files.ts';
import { textMasker } from '../logs/mask-reasons.ts';
import type { LogSink } from '../log-sink.ts';
import { readReports } from '../reports/read-reports.ts';
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
 * Reads the test reports of a step that has ended, however, and tells the server. What goes wrong is a line of its log:
 * a step does not fail for want of a report.
 */
export async function keepReports(context: WorkflowContext, step: EndedStep): Promise<void> {
  const patterns = step.plan.reports?.junit;
  if (patterns === undefined || context.keepTests === undefined || step.signal.aborted) return;
  const { sink, signal, inTime, row } = step;
  try {
    const mask = textMasker(context.secrets);
    const read = (place: FilesPlace): Promise<TestReport> => readReports(place, patterns, mask);
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
