import { TIMES } from '../../config/times.ts';
import type { Signals } from '../../src/core/work.ts';
import type { SignalsAnswer } from '../../src/protocol/worker.ts';
import { backOff } from './server-client.ts';

export interface SignalPollOptions {
  /** Asks for the signals as soon as their version is not `seen`, else after `waitMs`. */
  readonly ask: (seen: number, waitMs: number) => Promise<SignalsAnswer>;
  /** Told of each newer state. */
  readonly onSignals: (signals: Signals) => void;
  /** Told of each failure of the loop, which goes on. */
  readonly onFailure: (error: unknown) => Promise<void>;
  /** Ends the loop. */
  readonly over: AbortSignal;
}

/** What the server tells the holder of one lease, by a long poll; an older answer never replaces a newer one. */
export class SignalPoll {
  readonly #options: SignalPollOptions;
  readonly #watchers = new Set<() => void>();
  #signals: Signals = { cancel: null, release: null, verdict: 'wait' };
  #version = -1;

  constructor(options: SignalPollOptions) {
    this.#options = options;
    options.over.addEventListener('abort', () => this.#wakeWatchers(), { once: true });
  }

  get signals(): Signals {
    return this.#signals;
  }

  /** Resolves with the next newer state, or when the lease is over. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  /** Polls until the lease is over. */
  async run(): Promise<void> {
    const { over, onFailure } = this.#options;
    for (let failures = 0; !over.aborted;) {
      try {
        await this.#read(TIMES.signalsWait);
        failures = 0;
      } catch (error) {
        await onFailure(error);
        failures += 1;
        await backOff(failures, over).catch(() => undefined);
      }
    }
  }

  /** Reads at once what has another version than what was read last: the long poll may hang. */
  async catchUp(version: number): Promise<void> {
    if (version !== this.#version) await this.#read(0);
  }

  async #read(waitMs: number): Promise<void> {
    const { version, signals } = await this.#options.ask(this.#version, waitMs);
    if (version <= this.#version) return;
    this.#version = version;
    this.#signals = signals;
    this.#options.onSignals(signals);
    this.#wakeWatchers();
  }

  #wakeWatchers(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
