import { expect, it } from 'vitest';
import { Problem } from '../../../../src/core/problem.ts';
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

it.each([
  [SUCCESS, 'error', []],
  [{ status: 'failure', reason: 'exit code 3', code: 'exit_code', exitCode: 3 }, 'failure', ['said']],
] as const)('what the server refuses is said with the fix (%j)', async (before, status, first) => {
  const { step, said, context } = ended({}, import.meta.dirname);
  const refusal = new Problem('artifact_no_room', { name: 'site', bytes: 9, free: 5, low: 7 });
  const refuses: WorkflowContext['sendArtifact'] = () => Promise.reject(refusal);
  const outcome = await keepArtifact(context({ sendArtifact: refuses }), step, before);
  const cause =
    "The artifact site of 9 bytes finds no room: 5 bytes of the server's disk are free, and 7 are to stay so";
  const reason = `the artifact site could not be kept: ${cause}`;
  expect(outcome).toEqual(
    status === 'error' ? { ...before, status, reason, code: 'artifact_no_room' } : before,
  );
  expect(said).toEqual([...first.map(() => `T${reason.slice(1)}.`), refusal.fix]);
});
