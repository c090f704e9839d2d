import { expect, it } from 'vitest';
import { keepArtifact } from '../../../../worker/steps/keep-artifacts.ts';
import { keepReports, type EndedStep } from '../../../../worker/steps/keep-reports.ts';
import type { WorkflowContext } from '../../../../worker/steps/workflow-context.ts';
import { SUCCESS } from '../../../../worker/workflow/outcomes.ts';
import { stepOf } from '../../../support/record.ts';
import { localPlace, silentPlace } from '../collect/local-place.ts';

const never = new AbortController().signal;

/** A step that has left files in a container, of which nothing is heard unless `directory` is one of this machine. */
function ended(signals: { signal?: AbortSignal; inTime?: AbortSignal }, directory?: string) {
  const { signal = never, inTime = signal } = signals;
  const place = directory === undefined ? silentPlace(inTime) : localPlace(directory, inTime);
  const said: string[] = [];
  const plan = stepOf('unit', {
    artifacts: { name: 'site', paths: ['**'], keepMs: null },
    reports: { junit: ['**'] },
  });
  const step = {
    plan,
    row: { attemptId: 'att_1' },
    container: { id: 'here', hasEnded: () => false },
    workingDirectory: place.directory,
    sink: { say: async (line: string) => void said.push(line) },
    signal,
    inTime,
  } as unknown as EndedStep;
  const context = (more: Partial<WorkflowContext>) =>
    ({
      engine: place.engine,
      secrets: { values: {}, registries: {} },
      ...more,
    }) as unknown as WorkflowContext;
  return { step, said, context };
}

const sendNothing: WorkflowContext['sendArtifact'] = async () => null;
const late = () => AbortSignal.timeout(20);
const cancelled = () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort({ kind: 'cancelled', reason: 'by ada' }), 20);
  return stop.signal;
};

it('an artifact whose container does not answer is given up when its time is over', async () => {
  const { step, context } = ended({ inTime: late() });
  expect(await keepArtifact(context({ sendArtifact: sendNothing }), step, SUCCESS)).toMatchObject({
    status: 'error',
    reason: 'the artifact site could not be kept: to collect and send it took too long',
  });
});

it('test reports are given up when their time is over, also while they are sent', async () => {
  const silent = ended({ inTime: late() });
  await keepReports(silent.context({ keepTests: async () => true }), silent.step);
  expect(silent.said).toEqual([
    'The test reports could not be kept: to collect and send them took too long.',
  ]);
  const sending = ended({ inTime: late() }, import.meta.dirname);
  const keepTests: WorkflowContext['keepTests'] = (_attemptId, _report, signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  await keepReports(sending.context({ keepTests }), sending.step);
  expect(sending.said.at(-1)).toBe(
    'The test reports could not be kept: to collect and send them took too long.',
  );
});

it('both end with a cancel, which is all that is said of it', async () => {
  const { step, said, context } = ended({ signal: cancelled() });
  await keepReports(context({ keepTests: async () => true }), step);
  const other = ended({ signal: cancelled() });
  expect(await keepArtifact(other.context({ sendArtifact: sendNothing }), other.step, SUCCESS)).toBe(SUCCESS);
  expect([...said, ...other.said]).toEqual([]);
});
