import { expect, it } from 'vitest';
import type { RetryPlan } from '../../../../src/core/plan.ts';
import { stepOf } from '../../../support/record.ts';
import { runFlow } from './fake-flow.ts';

const retry = (changes: Partial<RetryPlan> = {}): RetryPlan => ({
  count: 2,
  delayMs: 0,
  exitCodes: null,
  ...changes,
});
const attempts = { flaky: ['a1', 'a2', 'a3'] };
const flaky = (changes: Partial<RetryPlan> = {}) => stepOf('flaky', { image: 'x', retry: retry(changes) });

it('tries a step again in a container of its own until it succeeds', async () => {
  const end = await runFlow({ steps: [flaky()], attempts, exitCode: (n) => (n < 2 ? 7 : 0) });
  expect(end.outcome.status).toBe('success');
  expect(end.story).toEqual(['a1 started', 'a1 failure, again', 'a2 started', 'a2 success']);
  expect(end.logs).toEqual({ a1: 'Exit code 7.\nAttempt 2 of at most 3 follows now.\n', a2: '' });
  expect(end.containers).toEqual(['slipway-a1', 'slipway-a2']);
  expect(end.left).toEqual([]);
});

it('gives up after the last attempt, and says how often it was tried', async () => {
  const end = await runFlow({ steps: [flaky()], attempts, exitCode: (n) => n });
  expect(end.outcome).toEqual({
    status: 'failure',
    reason: 'step flaky: exit code 3, tried 3 times',
    code: 'exit_code',
    exitCode: 3,
  });
  expect(end.story.slice(-2)).toEqual(['a3 started', 'a3 failure']);
  expect(end.logs['a3']).toBe('Exit code 3, tried 3 times.\n');
});

it('tries again only after the exit codes that the file names', async () => {
  const end = await runFlow({
    steps: [flaky({ exitCodes: [75] })],
    attempts,
    exitCode: (n) => (n === 1 ? 75 : 1),
  });
  expect(end.outcome.reason).toBe('step flaky: exit code 1, tried 2 times');
  expect(end.story).toEqual(['a1 started', 'a1 failure, again', 'a2 started', 'a2 failure']);
});

it('lets the steps after it begin only with its last attempt', async () => {
  const after = stepOf('after', { image: 'x', dependsOn: ['flaky'] });
  const end = await runFlow({ steps: [flaky(), after], attempts, exitCode: (n) => (n < 3 ? 1 : 0) });
  expect(end.story.slice(-4)).toEqual(['a3 started', 'a3 success', 'after started', 'after success']);
});

it('bounds each attempt by the timeout, not all of them', async () => {
  const step = { ...flaky(), timeoutMs: 30 };
  const end = await runFlow({
    steps: [{ ...step, retry: retry({ delayMs: 40 }) }],
    attempts,
    exitCode: () => 1,
  });
  expect(end.outcome.reason).toBe('step flaky: exit code 1, tried 3 times');
});

it('does not begin another attempt once it is cancelled, not even while it waits for one', async () => {
  const cancel = new AbortController();
  const running = runFlow({
    steps: [flaky({ delayMs: 3_600_000 })],
    attempts,
    exitCode: () => 1,
    signal: cancel.signal,
    onRun: () =>
      setTimeout(() => cancel.abort({ status: 'cancelled', reason: 'by ann', exitCode: null }), 20),
  });
  const end = await running;
  expect(end.story).toEqual(['a1 started', 'a1 failure, again', 'a2 cancelled']);
  expect(end.outcome).toMatchObject({ status: 'cancelled', reason: 'by ann' });
  expect(end.logs['a1']).toContain('Attempt 2 of at most 3 follows in 3600 s.');
});

it('runs once where the server has made room for one attempt', async () => {
  const end = await runFlow({ steps: [flaky()], attempts: { flaky: ['a1'] }, exitCode: () => 1 });
  expect(end.story).toEqual(['a1 started', 'a1 failure']);
  expect(end.outcome.reason).toBe('step flaky: exit code 1');
});

it('does not try again what lacks a secret', async () => {
  const step = { ...flaky(), environment: { TOKEN: { fromSecret: 'gone' } } };
  const end = await runFlow({ steps: [step], attempts });
  expect(end.story).toEqual(['a1 started', 'a1 failure']);
  expect(end.outcome.reason).toBe('step flaky: the secret gone is not set in this project');
});

it('does what `failure` says only after the last attempt', async () => {
  const other = stepOf('other', { image: 'x' });
  const end = await runFlow({
    steps: [
      { ...flaky({ count: 1 }), failure: 'ignore' },
      { ...other, dependsOn: ['flaky'] },
    ],
    attempts,
    exitCode: (n) => (n < 3 ? 1 : 0),
  });
  expect(end.outcome.status).toBe('success');
  expect(end.story).toEqual([
    'a1 started',
    'a1 failure, again',
    'a2 started',
    'a2 failure',
    'other started',
    'other success',
  ]);
});
