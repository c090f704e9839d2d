import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Frame } from '../../../../worker/engine/demultiplex.ts';
import { runCommands } from '../../../../worker/steps/run-commands.ts';
import type { RunCommands } from '../../../../worker/steps/run-commands.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Fake {
  readonly job: RunCommands;
  /** How often the engine was asked for the process. */
  asked(): number;
  /** The process ends and its output with it. */
  endOutput(): void;
  written(): string;
}

/** A step whose process writes one line and ends when it is told to. `onAsked` is called inside of each inspection. */
function fakeStep(onAsked: (fake: Fake) => Promise<void> | void, write?: () => Promise<void>): Fake {
  let asked = 0;
  let written = '';
  const over = Promise.withResolvers<void>();
  async function* output(): AsyncGenerator<Frame> {
    yield { stream: 'stdout', bytes: Buffer.from('line\n') };
    await over.promise;
  }
  const fake: Fake = {
    asked: () => asked,
    endOutput: over.resolve,
    written: () => written,
    job: {
      engine: {
        exec: async () => ({ execId: 'e', output: output(), destroy: () => over.resolve() }),
        inspectExec: async () => {
          asked += 1;
          await onAsked(fake);
          return { running: true, exitCode: null };
        },
        exitCodeOf: async () => 0,
        run: async () => ({ exitCode: 0, output: '' }),
        killContainer: async () => undefined,
        isUp: async () => true,
      },
      container: {
        id: 'c',
        ended: new Promise(() => undefined),
        hasEnded: () => false,
        sawOutOfMemory: () => false,
        overslept: () => false,
        isEngineUnwell: async () => false,
        remove: async () => undefined,
      },
      shell: { command: ['sh'], own: true },
      program: [],
      plan: { commands: ['true'], timeoutMs: 60_000 },
      environment: {},
      workingDirectory: '/',
      memoryBytes: 1,
      sink: {
        write: async (_, bytes) => {
          written += Buffer.from(bytes).toString();
          await write?.();
        },
        say: async () => undefined,
        end: async () => 0,
      },
      signal: new AbortController().signal,
      settings: { graceMs: 1_000, backgroundGraceMs: 1_000 },
    },
  };
  return fake;
}

it('asks the engine no more for a process that is over, even when it ended during a question', async () => {
  const fake = fakeStep(async (step) => {
    step.endOutput();
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  const outcome = runCommands(fake.job);
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await outcome).status).toBe('success');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fake.asked()).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves no timer behind when the log refuses what it is given', async () => {
  const fake = fakeStep(
    () => undefined,
    () => Promise.reject(new Error('lease lost')),
  );
  await expect(runCommands(fake.job)).rejects.toThrow('lease lost');
  expect(vi.getTimerCount()).toBe(0);
});
