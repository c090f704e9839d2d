import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../core/problem.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostDeliveries } from '../ports/host-deliveries.ts';
import type { Store } from '../store/store.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { findSources } from './delivery-sources.ts';
import type { AskedSource, SourceDeps } from './delivery-sources.ts';
import { lookAt } from './look-at.ts';

export interface MissedDeliveriesDeps extends SourceDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly deliveries: Pick<DeliveryStore, 'record'>;
  readonly host: HostDeliveries;
  /** Address of this server's webhook, by which a repository's is found. */
  readonly webhookUrl: string;
  /** Events that may lead to a build; others are not fetched. */
  readonly events: ReadonlySet<string>;
  readonly everyMs: number;
  /** Deliveries of a source were taken in that had not come. */
  readonly onTaken: (source: string, count: number) => void;
  /** The Git host does not tell a source's deliveries; told once an hour. */
  readonly onRefused: (source: string, problem: Problem) => void;
  readonly onError: (error: unknown) => void;
}

/** Asks the Git host for deliveries that never came, and takes them in as if they had. */
export interface MissedDeliveries {
  /** Looks at once, then every `everyMs`. */
  start(): void;
  /** One look at every source; resolves when what was missed is recorded. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** A source that is refused is asked again after this long. */
const REFUSED_MS = 3_600_000;

export function createMissedDeliveries(deps: MissedDeliveriesDeps): MissedDeliveries {
  const stopping = new AbortController();
  const refused = new Map<string, number>();
  let running: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    for (const source of await findSources(deps))
      if ((refused.get(source.name) ?? 0) <= deps.clock.nowMs()) await lookIn(source);
  }

  async function lookIn(source: AskedSource): Promise<void> {
    stopping.signal.throwIfAborted();
    const { taken, problem } = await lookAt(deps, source, stopping.signal);
    if (taken > 0) deps.onTaken(source.name, taken);
    if (problem === null) return;
    refused.set(source.name, deps.clock.nowMs() + REFUSED_MS);
    deps.onRefused(source.name, problem);
  }

  async function keepLooking(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!stopping.signal.aborted) deps.onError(error);
      });
      await sleep(deps.everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    start: () => void (running = keepLooking()),
    look,
    stop: async () => {
      stopping.abort(new Error('the server ends'));
      await running;
    },
  };
}
