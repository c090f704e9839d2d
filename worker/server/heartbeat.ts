import { Problem } from '../../src/core/problem.ts';
import type { HeartbeatAnswer } from '../../src/protocol/worker.ts';
import { backOff, isPassing, pause } from './server-client.ts';

export interface HeartbeatOptions {
  /** Sends one heartbeat; an answer that takes longer is none. */
  readonly send: (timeoutMs: number) => Promise<HeartbeatAnswer>;
  /** `performance.now()` when the claim was sent: the lease's time counts from before the server granted it. */
  readonly claimedAt: number;
  readonly ttlMs: number;
  readonly heartbeatMs: number;
  /** How long work goes on without an answer of the server; see `TIMES.serverAway`. */
  readonly serverAwayMs: number;
  /** Told with each answer which version the signals have at the server. */
  readonly onSignals: (version: number) => Promise<void>;
  /** Told once why the lease is lost. */
  readonly onLost: (reason: string) => Promise<void>;
  /** Ends the loop. */
  readonly over: AbortSignal;
}

/**
 * The time of one lease. Whether it still holds is counted by the monotonic clock from the sending of the last
 * heartbeat that was answered, so after a freeze of this process {@link holds} is false before anything else can run.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  /** When the last request under the lease was sent that was answered. */
  #heardAt: number;
  #endsAt: number;
  #beating: Promise<void> | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.claimedAt;
    this.#endsAt = options.claimedAt + options.ttlMs;
  }

  holds(): boolean {
    return !this.#options.over.aborted && performance.now() < this.#endsAt;
  }

  /** Another request under the lease was answered, sent at `sentAt`: the server is there. */
  heard(sentAt: number): void {
    this.#heardAt = Math.max(this.#heardAt, sentAt);
  }

  /** Beats until the lease is over. */
  async run(): Promise<void> {
    const { over, heartbeatMs } = this.#options;
    for (let failures = 0; !over.aborted;) {
      const heardAt = this.#heardAt;
      await this.beat();
      const answered = this.#heardAt > heardAt;
      failures = answered ? 0 : failures + 1;
      await (answered ? pause(heartbeatMs, over) : backOff(failures, over)).catch(() => undefined);
    }
  }

  /** One heartbeat, shared by all who want one now. Its failure shows in {@link holds}. */
  async beat(): Promise<void> {
    this.#beating ??= this.#send().finally(() => {
      this.#beating = null;
    });
    await this.#beating;
  }

  async #send(): Promise<void> {
    const { send, heartbeatMs, serverAwayMs, onSignals, onLost, over } = this.#options;
    const sentAt = performance.now();
    try {
      const { ttlMs, signals } = await send(heartbeatMs);
      this.heard(sentAt);
      this.#endsAt = sentAt + ttlMs;
      await onSignals(signals);
    } catch (error) {
      if (over.aborted) return;
      if (error instanceof Problem && !isPassing(error)) await onLost(error.message);
      else if (performance.now() - this.#heardAt > serverAwayMs)
        await onLost(`the server has not answered for ${Math.round(serverAwayMs / 1000)} s`);
    }
  }
}
