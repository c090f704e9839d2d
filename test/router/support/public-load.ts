import { randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PublicAnswer {
  readonly method: string;
  readonly id: string;
  readonly path: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Null: no answer. */
  readonly status: number | null;
  /** X-App of the answer; null when the router itself spoke. */
  readonly app: string | null;
  readonly error: string | null;
}

export interface PublicLoad {
  readonly answers: readonly PublicAnswer[];
  /** Apps that hold an open websocket now. */
  websocketApps(): readonly string[];
  stop(): Promise<void>;
}

export const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'PATCH', 'GET', 'DELETE'] as const;

/** What the router may send a second time: docs/decisions/0003-router.md, "Retries". */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Of an app that is busybox's httpd, the repeatable requests that it did not answer itself. That has no OPTIONS, and says so. */
export function unansweredByHttpd(answers: readonly PublicAnswer[]): readonly PublicAnswer[] {
  return answers.filter(
    ({ method, status }) => REPEATABLE.has(method) && status !== (method === 'OPTIONS' ? 501 : 200),
  );
}

export interface LoadOptions {
  readonly port: number;
  readonly host: string;
  /** Requests at once; half of them keep their connection, half make a new one each. */
  readonly clients: number;
  readonly websockets: number;
  /** Websockets besides that the client itself closes after 100 ms, to open a new one. */
  readonly briefWebsockets?: number;
  /** Pause of a client between two requests. */
  readonly pauseMs: number;
  /** Paths in turn. */
  readonly paths: readonly string[];
  readonly onAnswer?: (answer: PublicAnswer) => void;
  /** `app` took a websocket that was asked for at `startedMs`. */
  readonly onOpen?: (app: string, startedMs: number) => void;
  /** A websocket that `app` held was cut. */
  readonly onCut?: (app: string) => void;
}

/** Asks the public host without pause, in every method, until it is stopped. */
export function startPublicLoad(options: LoadOptions): PublicLoad {
  const answers: PublicAnswer[] = [];
  const open = new Map<net.Socket, string>();
  let running = true;
  const client = async (number: number) => {
    const agent = number % 2 === 0 ? new http.Agent({ keepAlive: true, maxSockets: 1 }) : false;
    for (let turn = number; running; turn++) {
      const method = METHODS[turn % METHODS.length] ?? 'GET';
      const path = options.paths[Math.floor(turn / METHODS.length) % options.paths.length] ?? '/';
      const answer = await ask(options, agent, method, path);
      answers.push(answer);
      options.onAnswer?.(answer);
      await sleep(options.pauseMs);
    }
    if (agent !== false) agent.destroy();
  };
  const websocket = async (isBrief: boolean) => {
    while (running) {
      const startedMs = performance.now();
      const app = await holdWebsocket(options, (socket, taker) => {
        options.onOpen?.(taker, startedMs);
        if (!running) return void socket.destroy();
        if (isBrief) return void setTimeout(() => socket.destroy(), 100);
        open.set(socket, taker);
        socket.on('close', () => open.delete(socket));
      });
      if (app !== null && running && !isBrief) options.onCut?.(app);
      await sleep(20);
    }
  };
  const all = [
    ...Array.from({ length: options.clients }, (_, number) => client(number)),
    ...Array.from({ length: options.websockets }, () => websocket(false)),
    ...Array.from({ length: options.briefWebsockets ?? 0 }, () => websocket(true)),
  ];
  return {
    answers,
    websocketApps: () => [...open.values()],
    async stop() {
      running = false;
      for (const socket of open.keys()) socket.destroy();
      await Promise.all(all);
    },
  };
}

function ask(
  { port, host }: LoadOptions,
  agent: http.Agent | false,
  method: string,
  path: string,
): Promise<PublicAnswer> {
  const id = randomBytes(8).toString('hex');
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const end = (status: number | null, app: string | null, error: string | null) =>
      resolve({ method, id, path, startedMs, endedMs: performance.now(), status, app, error });
    const headers = { host, 'x-request-id': id };
    const request = http.request({ host: '127.0.0.1', port, method, path, agent, headers, timeout: 10_000 });
    request.on('response', (response) => {
      const app = response.headers['x-app'];
      response.resume();
      response.on('end', () => end(response.statusCode ?? 0, typeof app === 'string' ? app : null, null));
      response.on('error', (error) => end(null, null, error.message));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => end(null, null, error.message));
    request.end(method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'body' : undefined);
  });
}

/** Holds one websocket and echoes over it until it is cut; resolves with its app, or null when it never opened. */
function holdWebsocket(
  { port, host }: LoadOptions,
  onOpen: (socket: net.Socket, app: string) => void,
): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let app: string | null = null;
    const timer = setInterval(() => app !== null && socket.write('ping'), 50);
    socket.on('connect', () =>
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      ),
    );
    socket.on('data', (chunk: Buffer) => {
      if (app !== null) return;
      app = /x-app: (\S+)/i.exec(chunk.toString('latin1'))?.[1] ?? null;
      if (app === null) socket.destroy();
      else onOpen(socket, app);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearInterval(timer);
      resolve(app);
    });
  });
}
