import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Report, Signals, WorkflowWork } from '../../../../src/core/work.ts';
import { Problem, type ProblemCode } from '../../../../src/core/problem.ts';
import { decodeFrames } from '../../../../src/protocol/frames.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly headers: IncomingMessage['headers'];
}

/** An answer as it is sent, whatever its code means here. */
export interface Refusal {
  readonly http: number;
  readonly body: { readonly error: object };
}

/** JSON, a Problem, what is sent as it is, a bare HTTP status, a dead connection, or no answer at all. */
export type Answer = object | Problem | Refusal | number | 'cut' | 'silence';

/**
 * The server of the worker protocol, as far as a lease sees it. `script(path)` gives the next answers of a route
 * before it works again.
 */
export class FakeServer {
  readonly requests: Request[] = [];
  readonly reports: Report[] = [];
  readonly logs = new Map<string, Buffer>();
  readonly ended = new Set<string>();
  effects: Answer[] = [];
  signals: Signals = { cancel: null, release: null, verdict: 'wait' };
  ttlMs = 15_000;
  /** What it says of the time; undefined: nothing, as one that is a version older. */
  nowMs: number | undefined;
  heartbeatMs = 5_000;
  #signalsVersion = 0;
  readonly #scripts = new Map<string, Answer[]>();
  readonly #waiting = new Set<() => void>();
  readonly #http: Server;

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  private constructor() {
    this.#http = createServer((request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  script(path: string, ...answers: Answer[]): void {
    this.#scripts.set(path, answers);
  }

  signal(signals: Partial<Signals>, quietly = false): void {
    this.signals = { ...this.signals, ...signals };
    this.#signalsVersion += 1;
    if (!quietly) for (const wake of this.#waiting) wake();
  }

  asked(path: string): readonly Request[] {
    return this.requests.filter((request) => request.path.startsWith(path));
  }

  async stop(): Promise<void> {
    for (const wake of this.#waiting) wake();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = (request.url ?? '').replace('/worker/v1', '');
    const asked = {
      method: request.method ?? '',
      path: url,
      body: Buffer.concat(parts),
      headers: request.headers,
    };
    this.requests.push(asked);
    const route = url.replace(/^\/leases\/[^/]+/, '').replace(/\?.*/, '');
    const answer = this.#scripts.get(route)?.shift() ?? (await this.#answer(route, asked));
    if (answer === 'silence') return;
    if (answer === 'cut') response.destroy();
    else if (typeof answer === 'number') response.writeHead(answer).end('<html>a proxy</html>');
    else if (answer instanceof Problem) response.writeHead(answer.http).end(JSON.stringify(answer));
    else if (isRefusal(answer)) response.writeHead(answer.http).end(JSON.stringify(answer.body));
    else response.writeHead(200).end(JSON.stringify(answer));
  }

  async #answer(route: string, { path, body }: Request): Promise<Answer> {
    switch (route) {
      case '/workers':
        return {
          workerId: 'wrk_1',
          queue: 'worker-wrk_1',
          leaseMs: this.ttlMs,
          heartbeatMs: this.heartbeatMs,
        };
      case '/workers/leave':
      case '/give-up':
        return {};
      case '/claims':
        return {
          lease: { id: 'lea_1', token: 'lease-token', fence: 7, ttlMs: this.ttlMs },
          nowMs: this.nowMs,
          work: WORK,
        };
      case '/heartbeat':
        return { ttlMs: this.ttlMs, signals: this.#signalsVersion };
      case '/signals':
        return this.#signals(new URLSearchParams(path.split('?')[1]));
      case '/reports':
        return this.#takeReports(JSON.parse(body.toString()) as { reports: Report[] });
      case '/logs':
        return this.#takeLogs(body);
      case '/secrets':
        return { values: { token: 'hunter2' }, registries: {} };
      case '/source':
        return { bundle: 'of ada' };
      case '/effects':
        return this.effects.shift() ?? { state: 'done', detail: 'HTTP 200' };
      default:
        return 404;
    }
  }

  async #signals(query: URLSearchParams): Promise<Answer> {
    if (Number(query.get('seen')) === this.#signalsVersion) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        setTimeout(resolve, Number(query.get('waitMs'))).unref();
      });
    }
    return { version: this.#signalsVersion, signals: this.signals };
  }

  #takeReports({ reports }: { reports: Report[] }): Answer {
    for (const report of reports) {
      if (report.n > this.reports.length + 1)
        return new Problem('request_wrong', { field: 'n', cause: 'a gap' });
      if (report.n === this.reports.length + 1) this.reports.push(report);
    }
    return { accepted: this.reports.length };
  }

  #takeLogs(body: Buffer): Answer {
    for (const { logId, offset, bytes, end } of decodeFrames(body)) {
      const before = this.logs.get(logId) ?? Buffer.alloc(0);
      if (offset > before.length)
        return problem('log_offset_wrong', { log: logId, expected: before.length, offset });
      this.logs.set(logId, Buffer.concat([before, bytes.subarray(before.length - offset)]));
      if (end) this.ended.add(logId);
    }
    return { durable: Object.fromEntries([...this.logs].map(([id, bytes]) => [id, bytes.length])) };
  }
}

export function problem(code: ProblemCode, details: Record<string, string | number> = {}): Problem {
  return new Problem(code, details);
}

function isRefusal(answer: object): answer is Refusal {
  return 'http' in answer && 'body' in answer;
}

const WORK: Pick<WorkflowWork, 'kind' | 'workflowId' | 'attempt'> = {
  kind: 'workflow',
  workflowId: 'wfl_1',
  attempt: 1,
};
