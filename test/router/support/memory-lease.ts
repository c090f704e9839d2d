import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../../src/core/id.ts';
import type { DeploymentWork, ReportBody, Signals } from '../../../src/core/work.ts';
import type { LogSink } from '../../../worker/log-sink.ts';
import type { Lease, Stop } from '../../../worker/server/lease.ts';

export interface MemoryLeaseOptions {
  readonly work: DeploymentWork;
  readonly signals: () => Signals;
  readonly report: (body: ReportBody) => Promise<void> | void;
  readonly say: (line: string) => void;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** A lease that holds until it is told otherwise; reports go to a function. */
export interface MemoryLease extends Lease<DeploymentWork> {
  cancel(reason: string): void;
  lose(reason: string): void;
}

export function memoryLease(options: MemoryLeaseOptions): MemoryLease {
  const all = new AbortController();
  const lost = new AbortController();
  const stop = (kind: Stop['kind'], reason: string) => all.abort({ kind, reason } satisfies Stop);
  return {
    id: newId('lea'),
    fence: options.work.environment.fence,
    work: options.work,
    signal: all.signal,
    lost: lost.signal,
    onCancelStep: () => undefined,
    signals: options.signals,
    async whenSignals(until) {
      while (!until(options.signals())) {
        all.signal.throwIfAborted();
        await sleep(5);
      }
      return options.signals();
    },
    holds: () => !lost.signal.aborted,
    confirm: async () => lost.signal.throwIfAborted(),
    report: async (body) => options.report(body),
    tests: async () => true,
    nameImage: () => Promise.reject(new Error('a deployment has no steps')),
    divideFiles: () => Promise.reject(new Error('a deployment has no steps')),
    sendArtifact: async () => null,
    takeArtifact: () => Promise.reject(new Error('a deployment takes none')),
    effect: () => Promise.reject(new Error('a deployment has no effects')),
    source: () => Promise.reject(new Error('a deployment has none')),
    secrets: async () => ({ values: options.secrets ?? {}, registries: {} }),
    openLog: () => sink(options.say),
    release: async () => undefined,
    cancel: (reason) => stop('cancelled', reason),
    lose(reason) {
      lost.abort({ kind: 'lost', reason } satisfies Stop);
      stop('lost', reason);
    },
  };
}

function sink(say: (line: string) => void): LogSink {
  let bytes = 0;
  return {
    async write(_stream, piece) {
      bytes += piece.length;
      say(Buffer.from(piece).toString('utf8').trimEnd());
    },
    async say(line) {
      bytes += Buffer.byteLength(line) + 1;
      say(line);
    },
    end: async () => bytes,
  };
}
