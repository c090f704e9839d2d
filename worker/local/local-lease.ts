import { divideFiles } from '../../src/core/divide-files.ts';
import type { LogStream } from '../../src/core/log.ts';
import type { LeaseSecrets, ReportBody, StepWork, WorkflowWork } from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import { reasonMasker } from '../logs/mask-reasons.ts';
import { Redactor } from '../logs/redactor.ts';
import type { Lease } from '../server/lease.ts';
import type { ArtifactShelf } from './artifact-shelf.ts';

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
}

/** The right to a piece of work that nobody else can have: nothing of it is lost, and nobody outside is told. */
export function localLease(local: LocalLease): Lease<WorkflowWork> {
  const { id, work, secrets, audience, signal, artifacts } = local;
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
    tests: async () => true,
    divideFiles: async (_step, of, files) => divideFiles(files, new Map(), of),
    sendArtifact: async ({ attemptId, name }, pack) => {
      const isOf = ({ attemptId: first, retries = [] }: StepWork): boolean =>
        [first, ...retries.map((one) => one.attemptId)].includes(attemptId);
      return artifacts === undefined ? null : artifacts.keep(work.steps.find(isOf)?.name ?? '', name, pack);
    },
    takeArtifact: (artifact, act) =>
      artifacts === undefined ? notHere('artifacts')() : artifacts.open(artifact, act),
    effect: notHere('effects'),
    secrets: async () => secrets,
    source: notHere('bundle'),
    openLog: (logId, masked) => openSink(logId, masked, audience.output),
    release: async () => undefined,
  };
}

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
