import type { StepPlan } from '../../../../src/core/plan.ts';
import { divideFiles } from '../../../../src/core/divide-files.ts';
import type { CancelledStep, ReportBody, StepWork } from '../../../../src/core/work.ts';
import type { ContainerSpec } from '../../../../worker/engine/create-container.ts';
import type { Engine } from '../../../../worker/engine/engine.ts';
import { BLOCK } from '../../../../worker/engine/tar.ts';
import type { ExecSpec } from '../../../../worker/engine/exec.ts';
import type { LogSink } from '../../../../worker/log-sink.ts';
import type { Outcome } from '../../../../worker/outcome.ts';
import { openAttempts } from '../../../../worker/steps/attempt.ts';
import { NamedImages } from '../../../../worker/steps/named-images.ts';
import { StepFlow } from '../../../../worker/steps/step-flow.ts';
import type { DivideFiles, WorkflowContext } from '../../../../worker/steps/workflow-context.ts';
import { SUCCESS } from '../../../../worker/workflow/outcomes.ts';

/** What an image of the fake engine says of itself. */
export interface FakeImage {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
}

export interface FlowTest {
  readonly steps: readonly StepPlan[];
  /** Ids of the attempts that the server has made for each step; one where it is absent. */
  readonly attempts?: Readonly<Record<string, readonly string[]>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly image?: FakeImage;
  /** The exit code of the commands that are run as the n-th of all, from 1. */
  readonly exitCode?: (n: number, spec: ExecSpec) => number;
  /** Called as commands begin. */
  readonly onRun?: (n: number) => void;
  /** Attempts whose commands go on until they are told to end. */
  readonly hangs?: readonly string[];
  /** Which step is cancelled alone as the commands of an attempt begin, by its id. */
  readonly cancels?: Readonly<Record<string, CancelledStep>>;
  /** Steps that are green already. */
  readonly kept?: readonly string[];
  /** Attempts whose container does not start. */
  readonly broken?: readonly string[];
  readonly signal?: AbortSignal;
  /** When the image of steps without one of their own is there; absent: it is there already. */
  readonly builtImage?: Promise<string | null>;
  /** Files that a look into a container finds, by the attempt of its step; each look fails where it names none. */
  readonly files?: (attempt: string) => readonly string[];
  readonly divideFiles?: DivideFiles;
  /** How long a container takes to go, with its address. */
  readonly removalMs?: number;
}

export interface FlowEnd {
  readonly outcome: Outcome;
  /** `<attempt> started`, `<attempt> failure`, …; `, again` where the step went on. */
  readonly story: readonly string[];
  readonly logs: Readonly<Record<string, string>>;
  /** What was run in containers, in its order, but for Slipway's own helper. */
  readonly runs: readonly ExecSpec[];
  /** The test files that were given to containers, by attempt and in their order. */
  readonly given: Readonly<Record<string, readonly string[]>>;
  readonly containers: readonly string[];
  /** The most that there were at a time. */
  readonly mostContainers: number;
  /** The most that were on the workflow's network at a time, not on that of another container. */
  readonly mostAddresses: number;
  readonly left: readonly string[];
}

/** Runs steps as a worker does, on an engine in memory. */
export async function runFlow(test: FlowTest): Promise<FlowEnd> {
  const story: string[] = [];
  const logs: Record<string, string> = {};
  const { engine, runs, given, containers, most, mostAddresses, left } = fakeEngine(test, (step) =>
    flow.cancel(step),
  );
  const repeat = { of: 1, keptSteps: test.kept ?? [], image: 'none' };
  const report = (body: ReportBody): void => {
    if (body.type === 'step.started') story.push(`${body.attemptId} started`);
    if (body.type === 'step.finished')
      story.push(`${body.attemptId} ${body.status}${body.again === true ? ', again' : ''}`);
  };
  const context = {
    engine,
    work: {
      plan: { image: test.builtImage === undefined ? null : {}, services: [], steps: test.steps },
      variables: {},
      steps: rowsOf(test),
      repeat,
    },
    labels: {},
    place: { network: 'n', volume: 'v' },
    secrets: { values: test.secrets ?? {}, registries: {} },
    settings: { graceMs: 10, backgroundGraceMs: 10, keepingMs: 60_000, deadManSwitchMs: 30_000 },
    helper: { volume: 'h' },
    limits: { memoryBytes: 1 },
    attempts: openAttempts((id) => sinkInto(logs, id), report),
    divideFiles: test.divideFiles ?? divideByNumber,
    images: new NamedImages({
      engine,
      registries: {},
      nameImage: async (_name, found) => found,
      signal: test.signal ?? new AbortController().signal,
    }),
  } as unknown as WorkflowContext;
  const gates = {
    services: Promise.resolve(SUCCESS),
    workspace: Promise.resolve(SUCCESS),
    builtImage: test.builtImage ?? Promise.resolve('sha256:built'),
  };
  const flow = new StepFlow(context, gates, test.signal ?? new AbortController().signal);
  const outcome = await flow.run();
  await flow.settle();
  return {
    outcome,
    story,
    logs,
    runs,
    given,
    containers,
    mostContainers: most(),
    mostAddresses: mostAddresses(),
    left: [...left],
  };
}

const divideByNumber: DivideFiles = async (_step, of, files) => divideFiles(files, new Map(), of);

function rowsOf({ steps, attempts = {} }: FlowTest): readonly StepWork[] {
  return steps.map(({ name }) => {
    const [first = name, ...more] = attempts[name] ?? [];
    const retries = more.map((attemptId) => ({ attemptId }));
    return { stepId: `stp_${name}`, attemptId: first, kind: 'step', name, retries };
  });
}

function sinkInto(logs: Record<string, string>, id: string): LogSink {
  logs[id] = '';
  const add = (text: string): void => void (logs[id] += text);
  return {
    write: async (_, bytes) => add(Buffer.from(bytes).toString()),
    say: async (line) => add(`${line}\n`),
    end: async () => Buffer.byteLength(logs[id] ?? ''),
  };
}

function fakeEngine(
  {
    image = {},
    exitCode = () => 0,
    onRun,
    hangs = [],
    cancels = {},
    broken = [],
    files,
    removalMs = 0,
  }: FlowTest,
  cancel: (step: CancelledStep) => void,
) {
  const ends = new Map<string, () => void>();
  const runs: ExecSpec[] = [];
  const given: Record<string, readonly string[]> = {};
  const containers: string[] = [];
  const left = new Set<string>();
  const addresses = new Set<string>();
  let [most, mostAddresses] = [0, 0];
  const closed = new Map<string, () => void>();
  const engine = {
    events: { ready: async () => undefined, connection: () => 1, watch: () => () => undefined },
    inspectImage: async (id: string) => ({
      id,
      repoDigests: [],
      platform: 'linux/amd64',
      environment: [],
      workingDirectory: '',
      entrypoint: [],
      command: [],
      tcpPorts: [],
      healthcheck: null,
      ...image,
    }),
    createContainer: async ({ name = '', joins }: ContainerSpec) => {
      if (joins === undefined) addresses.add(name);
      mostAddresses = Math.max(mostAddresses, addresses.size);
      containers.push(name);
      left.add(name);
      most = Math.max(most, left.size);
      return name;
    },
    attach: async (id: string) => {
      const over = Promise.withResolvers<void>();
      closed.set(id, over.resolve);
      return {
        output: (async function* () {
          await over.promise;
        })(),
        write: () => undefined,
        close: over.resolve,
      };
    },
    startContainer: async (id: string) => {
      if (broken.includes(id.replace('slipway-', ''))) throw new Error('no space left on device');
    },
    removeContainer: async (id: string) => {
      closed.get(id)?.();
      if (removalMs > 0) await new Promise((resolve) => setTimeout(resolve, removalMs));
      left.delete(id);
      addresses.delete(id);
    },
    hasFile: async () => true,
    putArchive: async (id: string, _directory: string, archive: Buffer) => {
      const text = archive.toString('utf8').slice(3 * BLOCK - BLOCK);
      given[id.replace('slipway-', '')] = text.slice(0, text.indexOf('\0')).split('\n').filter(Boolean);
    },
    exec: async (id: string, spec: ExecSpec) => {
      if (spec.command[1] === 'find') return look(files?.(id.replace('slipway-', '')));
      ends.get(id)?.();
      const n = runs.push(spec);
      onRun?.(n);
      const attempt = id.replace('slipway-', '');
      const over = Promise.withResolvers<void>();
      if (hangs.includes(attempt)) ends.set(id, over.resolve);
      else over.resolve();
      const cancelled = cancels[attempt];
      if (cancelled !== undefined) setImmediate(() => cancel(cancelled));
      return {
        execId: String(n),
        output: (async function* () {
          await over.promise;
        })(),
        destroy: () => undefined,
      };
    },
    inspectExec: async (id: string) => ({ running: hangs.length > 0 && id !== '', exitCode: 0 }),
    exitCodeOf: async (id: string) =>
      id === 'look' ? 0 : exitCode(Number(id), runs[Number(id) - 1] ?? { command: [] }),
    run: async () => ({ exitCode: 0, output: '' }),
    killContainer: async () => undefined,
    isUp: async () => true,
  };
  return {
    engine: engine as unknown as Engine,
    runs,
    given,
    containers,
    most: () => most,
    mostAddresses: () => mostAddresses,
    left,
  };
}

/** What a look into a container tells. */
function look(files: readonly string[] | undefined) {
  if (files === undefined) throw new Error('no look was expected');
  const bytes = Buffer.from(files.map((file) => `./${file}\0`).join(''));
  return {
    execId: 'look',
    output: (async function* () {
      yield { stream: 'stdout', bytes };
    })(),
    destroy: () => undefined,
  };
}
