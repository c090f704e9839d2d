import { divideFiles, withUnknown } from '../../src/core/divide-files.ts';
import type { LogStream } from '../../src/core/log.ts';
import type { NamedImage } from '../../src/core/named-image.ts';
import type { Division } from '../../src/core/split.ts';
import {
  attemptIdsOf,
  type LeaseSecrets,
  type ReportBody,
  type StepWork,
  type WorkflowWork,
} from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import { reasonMasker } from '../logs/mask-reasons.ts';
import { Redactor } from '../logs/redactor.ts';
import type { Lease } from '../server/lease.ts';
import type { ArtifactShelf } from './artifact-shelf.ts';
import { failedTestsText } from './failed-tests.ts';

/** Who is told of a run without a server. */
export interface RunAudience {
  /** In the order in which things happen. */
  readonly report: (body: ReportBody) => void;
  /** Redacted output of an attempt, cut anywhere. Resolves when there is room for more. */
  readonly output: (attemptId: string, stream: LogStream, bytes: Uint8Array) => Promise<void> | void;
}

export interface LocalLease {
  readonly id: string;
  readonly work: WorkflowWork;
  readonly secrets: LeaseSecrets;
  readonly audience: RunAudience;
  /** Abort it with a {@link Stop} as reason. */
  readonly signal: AbortSignal;
  /** Absent: no artifact is kept. */
  readonly artifacts?: ArtifactShelf | undefined;
  /** What a build that runs again here decided. Absent: it is decided here. */
  readonly decided?: Decided | undefined;
  /** What images stood for in workflows before this one, by name; what is decided here is added. Absent: there was none. */
  readonly images?: Map<string, NamedImage> | undefined;
}

/** What is not in a workflow's plan, and was decided while it ran. */
export interface Decided {
  /** By name. */
  readonly images: Readonly<Record<string, NamedImage>>;
  /** By the step in the file. */
  readonly divisions: Readonly<Record<string, Division>>;
}

/** The right to a piece of work that nobody else can have: nothing of it is lost, and nobody outside is told. */
export function localLease(local: LocalLease): Lease<WorkflowWork> {
  const {
    id,
    work,
    secrets,
    audience,
    signal,
    artifacts,
    decided = NOTHING,
    images = new Map<string, NamedImage>(),
  } = local;
  const never = new AbortController();
  const masked = reasonMasker(secrets);
  const notHere = (what: string) => async (): Promise<never> => {
    throw new Error(`a run without a server has no ${what}`);
  };
  return {
    id,
    fence: 1,
    work,
    signal,
    lost: never.signal,
    onCancelStep: () => undefined,
    signals: () => ({ cancel: null, release: null, verdict: 'wait' }),
    whenSignals: notHere('signals'),
    holds: () => true,
    confirm: async () => undefined,
    report: async (body) => audience.report(masked(body)),
    tests: async (attemptId, report) => {
      const text = failedTestsText(report);
      if (text !== '') await audience.output(attemptId, 'system', Buffer.from(text));
      return true;
    },
    divideFiles: async (step, of, files) => {
      const before = Object.hasOwn(decided.divisions, step) ? decided.divisions[step] : undefined;
      return before === undefined
        ? divideFiles(files, new Map(), of)
        : withUnknown(before, files, () => true);
    },
    nameImage: async (name, found) => {
      const before = Object.hasOwn(decided.images, name) ? decided.images[name] : images.get(name);
      const image = before ?? found;
      if (image !== null) images.set(name, image);
      return image;
    },
    sendArtifact: async ({ attemptId, name }, pack) => {
      const isOf = (step: StepWork): boolean => attemptIdsOf(step).includes(attemptId);
      return artifacts === undefined ? null : artifacts.keep(work.steps.find(isOf)?.name ?? '', name, pack);
    },
    takeArtifact: (artifact, act, signal) =>
      artifacts === undefined ? notHere('artifacts')() : artifacts.open(artifact, act, signal),
    effect: notHere('effects'),
    secrets: async () => secrets,
    source: notHere('bundle'),
    openLog: (logId, masked) => openSink(logId, masked, audience.output),
    release: async () => undefined,
  };
}

const NOTHING: Decided = { images: {}, divisions: {} };

const STREAMS: readonly LogStream[] = ['stdout', 'stderr', 'system'];

/** What a log of the worker masks is masked here too: terminals are recorded and shared. */
function openSink(logId: string, masked: readonly string[], output: RunAudience['output']): LogSink {
  const first = new Redactor(masked);
  const redactors = { stdout: first.fork(), stderr: first.fork(), system: first.fork() };
  let bytes = 0;
  const give = async (stream: LogStream, certain: Uint8Array): Promise<void> => {
    bytes += certain.byteLength;
    if (certain.byteLength > 0) await output(logId, stream, certain);
  };
  return {
    write: (stream, part) => give(stream, redactors[stream].push(part)),
    say: (line) => give('system', redactors.system.push(Buffer.from(`${line}\n`))),
    end: async () => {
      for (const stream of STREAMS) await give(stream, redactors[stream].end());
      return bytes;
    },
  };
}
