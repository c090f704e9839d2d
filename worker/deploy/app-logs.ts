import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { RouterLink } from '../server/lease.ts';
import type { AppContainer } from './app-container.ts';
import { followApp } from './follow-app.ts';

export interface AppLogsOptions {
  readonly engine: Engine;
  readonly link: Pick<RouterLink, 'logBytes' | 'openLog'>;
  /** Told of a log that could not be followed on; it goes on at the next start of the worker. */
  readonly onError: (error: unknown) => void;
}

interface Followed {
  /** Aborted once the app was stopped for good. */
  readonly stopped: AbortController;
  readonly over: Promise<void>;
}

/** How long a container stays for its log, where the server does not take it. */
const SEAL_MS = 10_000;

/** The logs of a router's apps, each followed once in this process. */
export class AppLogs {
  readonly #options: AppLogsOptions;
  readonly #end = new AbortController();
  readonly #followed = new Map<string, Followed>();

  constructor(options: AppLogsOptions) {
    this.#options = options;
  }

  /** Sends the app's output from where the server has it, unless it is sent already. */
  follow(app: AppContainer): void {
    this.#follow(app);
  }

  /**
   * Sends what is left of the output of an app that was stopped for good, and seals its log. While its container is there, any
   * later worker would do so; with it the output is gone. Resolves after {@link SEAL_MS} at the latest.
   * @throws Error when these logs end meanwhile: the next worker seals it.
   */
  async seal(app: AppContainer): Promise<void> {
    const { stopped, over } = this.#follow(app);
    stopped.abort();
    const late = new AbortController();
    await Promise.race([over, sleep(SEAL_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    if (this.#end.signal.aborted)
      throw new Error('the worker ends, and the next one seals the log of the app');
  }

  /** Logs that are not sealed go on in the next worker. */
  end(): void {
    this.#end.abort();
  }

  #follow(app: AppContainer): Followed {
    const known = this.#followed.get(app.id);
    if (known !== undefined) return known;
    const { engine, link, onError } = this.#options;
    const stopped = new AbortController();
    const over = followApp(engine, link, app, { end: this.#end.signal, stopped: stopped.signal }).catch(
      (error: unknown) => {
        if (!this.#end.signal.aborted) onError(error);
      },
    );
    const followed = { stopped, over };
    this.#followed.set(app.id, followed);
    return followed;
  }
}
