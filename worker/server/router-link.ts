import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import type { RouterRecord } from '../../src/core/work.ts';
import { FRAMES_CONTENT_TYPE, encodeFrame } from '../../src/protocol/frames.ts';
import type {
  RouterEventsRequest,
  RouterRemovedAnswer,
  RouterRemovedRequest,
} from '../../src/protocol/worker.ts';
import { LogShipper } from '../logs/log-shipper.ts';
import type { LogSink } from '../log-sink.ts';
import type { RouterLink } from './lease.ts';
import type { ServerClient, ServerRequest } from './server-client.ts';

export class HttpRouterLink implements RouterLink {
  readonly #client: ServerClient;
  readonly #name: string;
  readonly #spoolDir: string;
  readonly #signal: AbortSignal;

  constructor(client: ServerClient, name: string, spoolDir: string, signal: AbortSignal) {
    this.#client = client;
    this.#name = name;
    this.#spoolDir = spoolDir;
    this.#signal = signal;
  }

  async record(): Promise<RouterRecord> {
    return (await this.#ask({ method: 'GET', path: '' })) as RouterRecord;
  }

  async events(events: RouterEventsRequest['events']): Promise<void> {
    await this.#ask({ method: 'POST', path: '/events', body: { events } });
  }

  async removed(request: RouterRemovedRequest): Promise<readonly string[]> {
    const answer = await this.#ask({ method: 'POST', path: '/removed', body: request });
    return (answer as Partial<RouterRemovedAnswer>).forgotten ?? [];
  }

  async logBytes(logId: string): Promise<number> {
    try {
      await this.#postLog(
        encodeFrame({ logId, offset: FAR, segments: [], bytes: new Uint8Array(), end: false }),
      );
    } catch (error) {
      if (error instanceof Problem && error.code === 'log_offset_wrong')
        return Number(error.details['expected']);
      throw error;
    }
    return FAR;
  }

  openLog(logId: string, secrets: readonly string[], offset: number): LogSink {
    // A shipper of its own: what one app's log suffers, the others do not.
    const shipper = new LogShipper({
      spoolDir: path.join(this.#spoolDir, `router-${this.#name}`),
      post: (body) => this.#postLog(body),
    });
    this.#signal.addEventListener('abort', () => void shipper.stop(this.#signal.reason));
    return shipper.open(logId, secrets, offset);
  }

  async #postLog(body: Uint8Array): Promise<void> {
    await this.#ask({ method: 'POST', path: '/logs', body, contentType: FRAMES_CONTENT_TYPE });
  }

  #ask(request: Omit<ServerRequest, 'timeoutMs'>): Promise<unknown> {
    const path = `/routers/${encodeURIComponent(this.#name)}${request.path}`;
    return this.#client.sendUntilAnswered({ signal: this.#signal, ...request, path, timeoutMs: 10_000 });
  }
}

/** No log is this long: a chunk there is refused with the offset that is expected. */
const FAR = 2 ** 47;
