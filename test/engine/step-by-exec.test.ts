import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import type { WorkflowLabels } from '../../worker/engine/labels.ts';
import type { Outcome } from '../../worker/outcome.ts';
import { startMuteProxy } from './mute-proxy.ts';
import type { MuteProxy } from './mute-proxy.ts';
import { runOneStep } from './step-harness.ts';
import type { OneStep, OneStepEnd } from './step-harness.ts';
import {
  ORDINARY,
  OwnEngine,
  TestSink,
  eventually,
  importBusyboxImage,
  leftOf,
  sharedEngine,
  testLabels,
} from './support.ts';

const IMAGE = 'slipway-test-step:ordinary';
const NO_SHELL = 'slipway-test-step:no-shell';
const AS_ANN = 'slipway-test-step:ann';
const MIB = 1024 ** 2;

let engine: Engine;
let labels: WorkflowLabels;

beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
  await importBusyboxImage(engine, NO_SHELL, ['ls']);
  await importBusyboxImage(engine, AS_ANN, ORDINARY, ['USER 1000:1000']);
});
afterAll(async () => {
  for (const image of [IMAGE, NO_SHELL, AS_ANN]) await engine.docker.getImage(image).remove({ force: true });
  engine.close();
});
beforeEach(() => {
  labels = testLabels();
});
afterEach(async () => {
  expect(await leftOf(engine, labels)).toEqual([]);
});

function run(step: Omit<OneStep, 'image'> & { image?: string }): Promise<OneStepEnd> {
  return runOneStep(engine, labels, { image: IMAGE, ...step });
}

const success: Outcome = { status: 'success', reason: null, exitCode: 0 };
const outOfMemory = (exitCode: number | null) => ({
  status: 'failure',
  reason: 'out of memory: a process was killed at the limit of 64 MiB',
  code: 'out_of_memory',
  exitCode,
});

/** What each way to end comes out as: the table of docs/decisions/0002-steps-by-exec.md. */
const TABLE: readonly {
  readonly title: string;
  readonly step: Omit<OneStep, 'image'> & { image?: string };
  readonly outcome: unknown;
  readonly output?: string | RegExp;
  readonly mostMs?: number;
}[] = [
  {
    title: 'shows each command and keeps one shell for all of them',
    step: { commands: ['cd /app; greeting="it\'s \\here"', 'pwd', 'echo "$greeting"'] },
    outcome: success,
    output: `+ cd /app; greeting="it's \\here"\n+ pwd\n/app\n+ echo "$greeting"\nit's \\here\n`,
  },
  {
    title: 'ends with the exit code of the first command that fails',
    step: { commands: ['true', '(exit 42)', 'echo never'] },
    outcome: { status: 'failure', reason: 'exit code 42', code: 'exit_code', exitCode: 42 },
    output: '+ true\n+ (exit 42)\n',
  },
  {
    title: 'takes the last exit of a pipe, as a shell does',
    step: { commands: ['exit 3 | cat', 'echo between', 'echo x | exit 4', 'echo never'] },
    outcome: { status: 'failure', reason: 'exit code 4', code: 'exit_code', exitCode: 4 },
    output: '+ exit 3 | cat\n+ echo between\nbetween\n+ echo x | exit 4\n',
  },
  {
    title: 'calls a child that was killed for lack of memory by its name',
    step: { commands: ['dd if=/dev/zero of=/dev/null bs=200M count=1; exit $?'], memoryBytes: 64 * MIB },
    outcome: outOfMemory(137),
  },
  {
    title:
      'calls a child that was killed for lack of memory by its name when its parent ends with another code',
    step: { commands: ['dd if=/dev/zero of=/dev/null bs=200M count=1 || exit 2'], memoryBytes: 64 * MIB },
    outcome: outOfMemory(2),
  },
  {
    title: "calls the commands' own process that was killed for lack of memory by its name",
    step: { commands: ['exec dd if=/dev/zero of=/dev/null bs=200M count=1'], memoryBytes: 64 * MIB },
    outcome: outOfMemory(137),
  },
  {
    title: "calls it out of memory when the container's main process is the victim",
    step: {
      commands: [
        'for p in /proc/[0-9]*; do case $p in /proc/1|/proc/$$) ;; *) echo 1000 > $p/oom_score_adj || true; esac; done',
        'dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 5; exit 9',
      ],
      memoryBytes: 64 * MIB,
    },
    outcome: outOfMemory(137),
  },
  {
    title: 'is a success when the commands lived with a child that was killed for lack of memory',
    step: { commands: ['dd if=/dev/zero of=/dev/null bs=200M count=1 || echo lived'], memoryBytes: 64 * MIB },
    outcome: success,
    output: /lived/,
  },
  {
    title: 'says that the step killed its container: kill -9 -1',
    step: { commands: ['echo before', 'kill -9 -1', 'sleep 20'] },
    outcome: {
      status: 'failure',
      reason: 'the step killed its container',
      code: 'container_killed',
      exitCode: 137,
    },
    output: /before/,
    mostMs: 6_000,
  },
  {
    title: 'says that the step killed its container: kill -9 -1 as an ordinary user',
    step: { image: AS_ANN, commands: ['kill -9 -1', 'sleep 20'] },
    outcome: {
      status: 'failure',
      reason: 'the step killed its container',
      code: 'container_killed',
      exitCode: 137,
    },
    mostMs: 6_000,
  },
  {
    title: 'names the signal of a process that killed itself, the container being well',
    step: { commands: ['kill -9 $$'] },
    outcome: { status: 'failure', reason: 'exit code 137 (SIGKILL)', code: 'exit_code', exitCode: 137 },
  },
  {
    title: 'ends within the grace when a background child holds the output',
    step: { commands: ['sleep 30 &', 'echo done'] },
    outcome: success,
    output: /done/,
    mostMs: 7_500,
  },
  {
    // This engine closes the output 2 s after the process ended: here our own grace comes first.
    title: 'ends a background child that holds the output after a grace of our own, and says so',
    step: { commands: ['sleep 30 &', 'echo done'], backgroundGraceMs: 200 },
    outcome: success,
    output:
      /done\nProcesses in the background still held the output after the commands had ended: they were ended\.\n$/,
  },
  {
    title: 'does not wait for a background child with an output of its own',
    step: { commands: ['sleep 30 >/dev/null 2>&1 &', 'echo done'] },
    outcome: success,
    mostMs: 1_500,
  },
  {
    title: "runs in an image without a shell, in Slipway's own, and says so",
    step: { image: NO_SHELL, commands: ['/bin/ls /bin', 'cat /etc/passwd | head -n 1'] },
    outcome: success,
    output: /^The image has no sh: [^\n]*\n\+ \/bin\/ls \/bin\nbusybox\nls\n.*\nroot:x:0:0/,
  },
  {
    title: "runs as the image's user",
    step: {
      image: AS_ANN,
      commands: ['id -u', 'echo $HOME', 'touch /tmp/mine', '! touch /etc/not-mine 2>/dev/null'],
    },
    outcome: success,
    output:
      '+ id -u\n1000\n+ echo $HOME\n/home/ann\n+ touch /tmp/mine\n+ ! touch /etc/not-mine 2>/dev/null\n',
  },
  {
    title: 'gives neither privileges nor the dropped capabilities, but owners and users can be changed',
    step: {
      commands: [
        'grep NoNewPrivs /proc/self/status',
        'stat -c %u /tmp/a 2>/dev/null || touch /tmp/a',
        '/bin/busybox chown 1000 /tmp/a; stat -c %u /tmp/a',
        '! /bin/busybox mknod /tmp/d c 1 3 2>/dev/null',
        '! ls /var/run/docker.sock 2>/dev/null',
      ],
    },
    outcome: success,
    output: /NoNewPrivs:\s1[^]*\n1000\n/,
  },
  {
    title: 'has no stdin to wait for',
    step: { commands: ['cat', 'read -r line || echo "no line"'] },
    outcome: success,
    output: /no line/,
    mostMs: 2_000,
  },
  {
    title: 'ends what runs longer than its timeout',
    step: { commands: ['sleep 60'], timeoutMs: 500 },
    outcome: {
      status: 'failure',
      reason: 'it ran longer than its timeout of 0.5 s',
      code: 'timed_out',
      exitCode: null,
    },
    mostMs: 2_500,
  },
  {
    title: 'kills what does not listen to TERM after the grace',
    step: {
      commands: ["trap '' TERM", 'echo deaf', 'while true; do sleep 1; done'],
      timeoutMs: 500,
      graceMs: 1_000,
    },
    outcome: {
      status: 'failure',
      reason: 'it ran longer than its timeout of 0.5 s',
      code: 'timed_out',
      exitCode: null,
    },
    output: /deaf/,
    mostMs: 4_000,
  },
  {
    title: 'refuses commands that are longer than one argument may be',
    step: { commands: [`echo ${'x'.repeat(140_000)}`] },
    outcome: {
      status: 'failure',
      reason: 'the commands are longer than 131071 bytes: put them into a script of the repository',
      code: 'commands_too_long',
      exitCode: null,
    },
  },
];

describe('a step by exec', () => {
  it.each(TABLE)('$title', async ({ step, outcome, output, mostMs }) => {
    const end = await run(step);
    expect({ ...end.outcome, text: end.sink.text() }).toEqual({
      ...(outcome as Outcome),
      text: end.sink.text(),
    });
    if (typeof output === 'string') expect(end.sink.text()).toBe(output);
    if (output instanceof RegExp) expect(end.sink.text()).toMatch(output);
    if (mostMs !== undefined) expect(end.ms).toBeLessThan(mostMs);
  });

  it('keeps apart what came from stdout and from stderr', async () => {
    const { sink } = await run({ commands: ['echo out', 'echo err >&2'] });
    expect(sink.text('stdout')).toBe('+ echo out\nout\n+ echo err >&2\n');
    expect(sink.text('stderr')).toBe('err\n');
  });

  it('is cancelled within a second, with the last words of its processes in the log', async () => {
    const cancel = new AbortController();
    const asked: Outcome = { status: 'cancelled', reason: 'cancelled by ann', exitCode: null };
    let abortedMs = 0;
    const sink = new TestSink((bytes) => {
      if (!Buffer.from(bytes).includes('ready\n')) return;
      abortedMs = Date.now();
      cancel.abort(asked);
    });
    const end = await run({
      commands: ["trap 'echo last words; exit 1' TERM", 'echo ready', 'sleep 30 & wait'],
      sink,
      signal: cancel.signal,
    });
    expect(Date.now() - abortedMs).toBeLessThan(1_500);
    expect(end.outcome).toEqual(asked);
    expect(end.sink.text()).toContain('last words');
  });

  it('takes a cancel that came before its turn', async () => {
    const asked: Outcome = { status: 'cancelled', reason: 'cancelled by ann', exitCode: null };
    const end = await run({ commands: ['sleep 30'], signal: AbortSignal.abort(asked) });
    expect(end.outcome).toEqual(asked);
    expect(end.ms).toBeLessThan(3_000);
  });

  it('is an error of ours when the container went away while it waited', async () => {
    const end = await run({
      commands: ['echo never'],
      onWaiting: (container) => engine.removeContainer(container.id),
    });
    expect(end.outcome).toEqual({
      status: 'error',
      reason: 'container lost before its commands began',
      code: 'container_lost',
      exitCode: null,
    });
    expect(end.sink.text()).toBe('');
  });

  it('is what killed its container, also where the clock of the machine was set ahead meanwhile', async () => {
    const setAhead = (): void => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    };
    const end = await run({ commands: ['kill -9 -1', 'sleep 20'], onWaiting: setAhead }).finally(() =>
      vi.useRealTimers(),
    );
    expect(end.outcome).toEqual({
      status: 'failure',
      reason: 'the step killed its container',
      code: 'container_killed',
      exitCode: 137,
    });
  });

  it('loses no byte of 1 GiB to a reader that pauses, and memory stays flat', async () => {
    const GIB = 1024 ** 3;
    const hash = createHash('sha256');
    const beforeBytes = process.memoryUsage().rss;
    let mostBytes = 0;
    let read = 0;
    let pauses = 0;
    const sink = new TestSink(async (bytes) => {
      hash.update(bytes);
      read += bytes.length;
      mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
      if (read < (pauses + 1) * 300 * MIB) return;
      pauses += 1;
      await sleep(1_500);
    }, 0);
    const end = await run({
      commands: [`exec yes 0123456789abcdef | head -c ${GIB}`],
      sink,
      timeoutMs: 120_000,
    });
    expect(end.outcome).toEqual(success);
    const echoed = `+ exec yes 0123456789abcdef | head -c ${GIB}\n`;
    expect(read).toBe(GIB + echoed.length);
    expect(hash.digest('hex')).toBe(expectedHash(echoed, GIB));
    expect(pauses).toBe(3);
    expect(mostBytes - beforeBytes).toBeLessThan(200 * MIB);
  }, 180_000);
});

describe('a log that takes nothing for a while', () => {
  it('gets what was said last all the same, though the commands have ended meanwhile', async () => {
    // So much fits between the commands and the log: they end before any of it is taken.
    const BYTES = 120_000;
    let read = 0;
    const sink = new TestSink(async (bytes) => {
      if (read === 0) await sleep(4_000);
      read += bytes.length;
    });
    const commands = [`exec head -c ${BYTES} /dev/zero`];
    const end = await run({ commands, sink, backgroundGraceMs: 500 });
    expect(end.outcome).toEqual(success);
    expect(read).toBe(BYTES + `+ ${commands[0] ?? ''}\n`.length);
  });

  it('keeps no step beyond its deadline', async () => {
    const held = Promise.withResolvers<void>();
    const sink = new TestSink(() => held.promise);
    const commands = ['exec head -c 120000 /dev/zero'];
    const end = await run({ commands, sink, backgroundGraceMs: 500, timeoutMs: 3_000 });
    held.resolve();
    expect(end.outcome).toEqual(success);
    expect(end.ms).toBeLessThan(8_000);
  });
});

describe('the worker of a step by exec', () => {
  const processes: ReturnType<typeof spawn>[] = [];
  afterEach(() => {
    for (const child of processes.splice(0)) child.kill('SIGKILL');
  });

  it('takes its container along when it is killed', async () => {
    const worker = await startWorker(5_000, 'sleep 60');
    await sleep(500);
    worker.process.kill('SIGKILL');
    expect(await eventually(async () => (await leftOf(engine, labels)).length === 0, 5_000)).toBeLessThan(
      2_500,
    );
  });

  it.each([
    ['a quiet step', 'sleep 60'],
    ['a step that writes all the time', 'yes'],
  ])('loses its container when it is frozen, and says so when it wakes up: %s', async (_, command) => {
    const worker = await startWorker(3_000, command);
    await sleep(1_000);
    const pid = await mainPid();
    worker.process.kill('SIGSTOP');
    try {
      expect(await eventually(() => !existsSync(`/proc/${pid}`), 10_000)).toBeLessThan(5_000);
    } finally {
      worker.process.kill('SIGCONT');
    }
    expect(await worker.outcome).toEqual({
      status: 'error',
      reason: 'container lost: the worker stood still for too long',
      code: 'worker_stood_still',
      exitCode: null,
    });
    await eventually(async () => (await leftOf(engine, labels)).length === 0, 5_000);
    await eventually(() => worker.process.exitCode === 0, 10_000);
  });

  /** Of the only container of this test, on the machine. While the worker is frozen, the engine keeps the record of a container whose output is full. */
  async function mainPid(): Promise<number> {
    const [id = ''] = await leftOf(engine, labels);
    return (await engine.docker.getContainer(id).inspect()).State.Pid;
  }

  interface Worker {
    readonly process: ReturnType<typeof spawn>;
    readonly outcome: Promise<unknown>;
  }

  async function startWorker(deadManMs: number, command: string): Promise<Worker> {
    const child = spawn(
      process.execPath,
      [
        path.join(import.meta.dirname, 'frozen-worker.ts'),
        engine.host,
        IMAGE,
        labels.lease,
        String(deadManMs),
        command,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    processes.push(child);
    const outcome = once(lines, 'line').then(([line]: unknown[]) => JSON.parse(String(line)) as unknown);
    outcome.catch(() => undefined);
    return { process: child, outcome };
  }
});

describe('a remote engine of a step by exec', () => {
  let proxy: MuteProxy;
  let remote: Engine;

  beforeEach(async () => {
    proxy = await startMuteProxy(engine.host);
    remote = connectEngine(proxy.host, {}, 3_000);
  });
  afterEach(() => {
    remote.close();
    proxy.close();
  });

  it('is lost when nothing comes from it any more, and its container ends by itself', async () => {
    const end = await runOneStep(remote, labels, {
      image: IMAGE,
      commands: ['echo begun', 'sleep 60'],
      deadManMs: 3_000,
      sink: muteAt('begun'),
    });
    expect(end.outcome).toEqual({
      status: 'error',
      reason: 'engine connection lost',
      code: 'engine_lost',
      exitCode: null,
    });
    expect(end.ms).toBeLessThan(15_000);
    await eventually(async () => (await leftOf(engine, labels)).length === 0, 10_000);
  });

  it('keeps no step beyond its deadline when nothing comes from it any more', async () => {
    const end = await runOneStep(remote, labels, {
      image: IMAGE,
      commands: ['echo begun', 'sleep 60'],
      deadManMs: 3_000,
      timeoutMs: 1_000,
      graceMs: 500,
      sink: muteAt('begun'),
    });
    expect(end.outcome.reason).toBe('it ran longer than its timeout of 1 s');
    expect(end.ms).toBeLessThan(15_000);
    await eventually(async () => (await leftOf(engine, labels)).length === 0, 10_000);
  });

  it('is not lost while a step is silent', async () => {
    const end = await runOneStep(remote, labels, { image: IMAGE, commands: ['sleep 6'], deadManMs: 3_000 });
    expect(end.outcome).toEqual(success);
  });

  const muteAt = (word: string): TestSink =>
    new TestSink((bytes) => {
      if (Buffer.from(bytes).includes(`${word}\n`)) proxy.mute();
    });
});

describe('the engine of a step by exec', () => {
  let own: OwnEngine;

  beforeEach(async () => {
    own = new OwnEngine();
    await own.start();
  });
  afterEach(() => own.remove());

  it.each(['SIGKILL', 'SIGTERM'] as const)('is named as the cause when it goes down: %s', async (signal) => {
    const engine = connectEngine(own.host);
    await importBusyboxImage(engine, IMAGE, ORDINARY);
    const running = runOneStep(engine, labels, {
      image: IMAGE,
      commands: ['echo begun', 'sleep 60'],
      sink: new TestSink((bytes) => {
        if (Buffer.from(bytes).includes('begun\n')) void own.end(signal);
      }),
    });
    expect((await running).outcome).toEqual({
      status: 'error',
      reason: 'engine connection lost',
      code: 'engine_lost',
      exitCode: null,
    });
    await own.start();
    await eventually(async () => (await leftOf(engine, labels)).length === 0, 90_000);
    engine.close();
  });
});

function expectedHash(first: string, length: number): string {
  const hash = createHash('sha256').update(first);
  const block = Buffer.from('0123456789abcdef\n'.repeat(61_440));
  for (let left = length; left > 0; left -= block.length) hash.update(block.subarray(0, left));
  return hash.digest('hex');
}
