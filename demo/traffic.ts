import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the public has seen of the app so far. */
export interface Seen {
  readonly requests: number;
  /** Requests that got no answer, or one of 500 and above, or a wrong one. */
  readonly failed: number;
  readonly firstFailure: string | null;
  /** Greetings in the order of their first appearance. */
  readonly greetings: readonly string[];
}

/** People who use the app all the time, through the router, by its public name. */
export interface Traffic {
  seen(): Seen;
  stop(): Promise<Seen>;
}

const PEOPLE = 6;
const PAUSE_MS = 15;

/**
 * Starts requests without end: some over a connection that is kept, some over a new one each, reading and writing.
 * A link that was made must be there ever after, whichever release answers.
 */
export function startTraffic(routerUrl: string, host: string): Traffic {
  const greetings: string[] = [];
  let requests = 0;
  let failed = 0;
  let firstFailure: string | null = null;
  let going = true;
  const one = async (person: number, turn: number, agent: http.Agent): Promise<void> => {
    requests += 1;
    try {
      const greeting = await useApp(
        routerUrl,
        host,
        agent,
        `https://example.com/${person}/${turn % 5}`,
        turn,
      );
      if (greeting !== null && !greetings.includes(greeting)) greetings.push(greeting);
    } catch (error) {
      failed += 1;
      firstFailure ??= `${new Date().toISOString()} ${String(error)}`;
    }
  };
  const person = async (number: number): Promise<void> => {
    const agent = new http.Agent({ keepAlive: number % 2 === 0, maxSockets: 1 });
    for (let turn = 0; going; turn += 1) {
      await one(number, turn, agent);
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  };
  const all = Array.from({ length: PEOPLE }, (_, number) => person(number));
  const seen = (): Seen => ({ requests, failed, firstFailure, greetings: [...greetings] });
  return {
    seen,
    stop: async () => {
      going = false;
      await Promise.all(all);
      return seen();
    },
  };
}

/** One use: mostly the first page, sometimes a new link. Returns the greeting when there was one. */
async function useApp(
  routerUrl: string,
  host: string,
  agent: http.Agent,
  link: string,
  turn: number,
): Promise<string | null> {
  if (turn % 10 === 5) {
    const made = await ask(routerUrl, host, { method: 'POST', path: '/links', agent }, { url: link });
    if (made.status !== 201) throw new Error(`POST /links: ${made.status} ${made.text}`);
    return null;
  }
  const page = await ask(routerUrl, host, { path: '/', agent });
  if (page.status !== 200) throw new Error(`GET /: ${page.status} ${page.text}`);
  return (JSON.parse(page.text) as { greeting: string }).greeting;
}

/** Asks the router for the host, as a browser would whose name service points there. */
export function ask(
  routerUrl: string,
  host: string,
  options: http.RequestOptions,
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const { hostname, port } = new URL(routerUrl);
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, timeout: 10_000, ...options, headers: { host, 'content-type': 'application/json' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
