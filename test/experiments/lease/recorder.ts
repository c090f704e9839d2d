import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Random } from '../random.ts';
import type { EffectBody } from './work.ts';

/** An effect that was accepted, by its `Idempotency-Key`; the same key again is the same effect. */
export interface Accepted extends EffectBody {
  readonly key: string;
}

/**
 * The outside of the experiment: takes effects, counts each key once. It is as unreliable as the outside is: now and
 * then it is busy (503), and now and then it accepts and the answer gets lost.
 */
export class Recorder {
  readonly accepted = new Map<string, Accepted>();
  readonly #random: Random;
  readonly #http: Server;

  static async start(random: Random): Promise<Recorder> {
    const recorder = new Recorder(random);
    await new Promise<void>((resolve) => recorder.#http.listen(0, '127.0.0.1', resolve));
    return recorder;
  }

  private constructor(random: Random) {
    this.#random = random;
    this.#http = createServer((request, response) => void this.#take(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/`;
  }

  effectsOf(build: string): readonly Accepted[] {
    return [...this.accepted.values()].filter((effect) => effect.build === build);
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const key = String(request.headers['idempotency-key']);
    const mood = this.#random.next();
    await setTimeout(this.#random.between(0, 40));
    if (mood < 0.1) return void response.writeHead(503).end();
    this.accepted.set(key, { key, ...(JSON.parse(Buffer.concat(parts).toString()) as EffectBody) });
    if (mood < 0.2) response.destroy();
    else response.writeHead(200).end();
  }
}
