import { expect, it } from 'vitest';
import type { EndCode } from '../../../../src/core/end.ts';
import { endReason } from '../../../../worker/steps/end-reason.ts';
import type { StepEnd } from '../../../../worker/steps/end-reason.ts';

const GREEN: StepEnd = {
  intent: null,
  engineLost: false,
  containerEnded: false,
  overslept: false,
  outOfMemory: false,
  exitCode: 0,
  memoryBytes: 64 * 1024 ** 2,
};
const cancelled = { status: 'cancelled', reason: 'cancelled by ann', exitCode: null } as const;

it.each<[string, Partial<StepEnd>, string, string | null, EndCode?]>([
  ['exit code 0', {}, 'success', null],
  ['exit code 0 although a child died for lack of memory', { outOfMemory: true }, 'success', null],
  ['another exit code', { exitCode: 2 }, 'failure', 'exit code 2', 'exit_code'],
  ['a signal', { exitCode: 139 }, 'failure', 'exit code 139 (SIGSEGV)', 'exit_code'],
  [
    'our own intent over everything',
    { intent: cancelled, engineLost: true, outOfMemory: true, exitCode: 137 },
    'cancelled',
    'cancelled by ann',
  ],
  [
    'a lost engine over the exit code',
    { engineLost: true, containerEnded: true, exitCode: 137 },
    'error',
    'engine connection lost',
    'engine_lost',
  ],
  [
    'memory over the end of the container',
    { outOfMemory: true, containerEnded: true, exitCode: 137 },
    'failure',
    'out of memory: a process was killed at the limit of 64 MiB',
    'out_of_memory',
  ],
  [
    'a container that ended alone',
    { containerEnded: true, exitCode: 137 },
    'failure',
    'the step killed its container',
    'container_killed',
  ],
  [
    'a container that ended, although the exit code is 0',
    { containerEnded: true },
    'failure',
    'the step killed its container',
    'container_killed',
  ],
  [
    'a worker that stood still',
    { containerEnded: true, overslept: true, exitCode: 137 },
    'error',
    'container lost: the worker stood still for too long',
    'worker_stood_still',
  ],
  ['an exit code that nobody knows', { exitCode: null }, 'error', 'container lost', 'container_lost'],
])('tells the truth about %s', (_, facts, status, reason, code) => {
  const end = endReason({ ...GREEN, ...facts });
  expect(end).toMatchObject({ status, reason });
  expect(end.code).toBe(code);
});
