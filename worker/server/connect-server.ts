import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { TIMES } from '../../config/times.ts';
import type { Labels } from '../../src/core/labels.ts';
import { Problem } from '../../src/core/problem.ts';
import { WORKER_FEATURES } from '../../src/core/worker-feature.ts';
import type { ClaimableJob, ReportBody } from '../../src/core/work.ts';
import type { QueueLogin } from '../../src/ports/queue-access.ts';
import {
  knowsLeaving,
  PROTOCOL_VERSION,
  registrationIn,
  type ClaimAnswer,
  type ClaimRequest,
  type RegisterAnswer,
  type RegisterRequest,
} from '../../src/protocol/worker.ts';
import type { FolderHolder } from '../take-folder.ts';
import { HeldLease } from './held-lease.ts';
import type { Claim, Lease, RouterLink, ServerConnection, Stop } from './lease.ts';
import { HttpRouterLink } from './router-link.ts';
import { ServerClient, pause } from './server-client.ts';

export interface ConnectOptions {
  /** Base address of the server, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The worker's token. */
  readonly token: string;
  /** Stable name of the worker. */
  readonly name: string;
  /** Workflows it runs at once. */
  readonly capacity: number;
  /** Labels that it has, of its token's; null: all of them. */
  readonly labels?: Labels | null;
  /** Why it is to be given no new workflow, as of now: a disk has too little free; null, or absent: it may be. */
  readonly lowDisk?: () => string | null;
  /** Version of the worker's program. */
  readonly program?: string;
  /** Routers of this host. */
  readonly routers: readonly string[];
  /** Folder for output that the server has not yet; emptied once registered: no lease outlives its process. */
  readonly spoolDir: string;
  /** This process and the one before it, as `takeFolder` found them; unless told, one that follows nobody it knows. */
  readonly process?: Pick<FolderHolder, 'instance' | 'after'>;
  /** Told once when the name is held by another process, and waited for. */
  readonly onWait?: (problem: Problem) => void;
  /** Told of each report of a lease as it is made, with secrets masked. */
  readonly onReport?: (lease: Pick<Lease, 'id' | 'work'>, report: ReportBody) => void;
  /** Told of the secrets that leases are given: nothing may show them. */
  readonly onSecrets?: (values: readonly string[]) => void;
  /** The newest version of the protocol that it speaks; that of this program unless told. */
  readonly protocol?: number;
  /** How long work goes on without an answer of the server; `TIMES.serverAway` unless told. */
  readonly serverAwayMs?: number;
  /** Ends waiting for the server. */
  readonly signal?: AbortSignal;
}

/**
 * Registers this process with the server, trying again while the server is away. A name that another process holds
 * is waited for as long as the server needs to take that one for dead.
 * A server that is one version of the protocol behind is spoken to in that version.
 * @throws Problem `worker_running` when it is not, `worker_token_wrong`, `protocol_wrong`, `router_refused`,
 * `label_refused`, `not_allowed` for a name that is not the token's.
 */
export async function connectServer(options: ConnectOptions): Promise<ServerConnection> {
  const { instance, after } = options.process ?? { instance: randomUUID(), after: null };
  const client = new ServerClient({ url: options.url, token: options.token, instance });
  const registration: RegisterRequest = {
    protocol: options.protocol ?? PROTOCOL_VERSION,
    name: options.name,
    instance,
    capacity: options.capacity,
    labels: options.labels ?? undefined,
    program: options.program,
    features: [...WORKER_FEATURES],
    lowDisk: options.lowDisk?.() ?? undefined,
    routers: [...options.routers],
  };
  const first = after === null ? registration : { ...registration, after };
  const { protocol, answer } = await registerInEither(client, first, options);
  await rm(options.spoolDir, { recursive: true, force: true });
  await mkdir(options.spoolDir, { recursive: true, mode: 0o700 });
  return new Connection(client, options, registrationIn(protocol, registration), answer);
}

/** In this program's version of the protocol, or in the one before where the server knows no newer one. */
async function registerInEither(
  client: ServerClient,
  registration: RegisterRequest,
  options: ConnectOptions,
): Promise<{ readonly protocol: number; readonly answer: RegisterAnswer }> {
  const inVersion = async (protocol: number) => {
    const answer = await registerWhenFree(client, registrationIn(protocol, registration), options);
    return { protocol, answer };
  };
  const { protocol } = registration;
  try {
    return await inVersion(protocol);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'protocol_wrong') throw error;
    return inVersion(protocol - 1).catch(() => {
      throw error;
    });
  }
}

async function registerWhenFree(
  client: ServerClient,
  body: RegisterRequest,
  { signal, onWait }: ConnectOptions,
): Promise<RegisterAnswer> {
  const request = { method: 'POST', path: '/workers', body, timeoutMs: ANSWER_MS, signal } as const;
  for (let refusedAt: number | null = null; ;) {
    try {
      return (await client.sendUntilAnswered(request)) as RegisterAnswer;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'worker_running') throw error;
      if (refusedAt === null) onWait?.(error);
      refusedAt ??= performance.now();
      if (performance.now() - refusedAt > TIMES.lease + TIMES.heartbeat) throw error;
    }
    await pause(TIMES.heartbeat / 5, signal);
  }
}

const ANSWER_MS = 10_000;
const LEAVE_MS = 2_000;

class Connection implements ServerConnection {
  readonly workerId: string;
  readonly queue: string;
  readonly queueLogin: QueueLogin | null;
  readonly #client: ServerClient;
  readonly #options: ConnectOptions;
  readonly #registration: RegisterRequest;
  readonly #heartbeatMs: number;
  readonly #leases = new Set<HeldLease>();
  /** Ids of all leases that this process was granted, ended or not. */
  readonly #granted = new Set<string>();
  readonly dismissed: AbortSignal;
  readonly #closed = new AbortController();
  readonly #dismissed = new AbortController();

  constructor(
    client: ServerClient,
    options: ConnectOptions,
    registration: RegisterRequest,
    answer: RegisterAnswer,
  ) {
    this.workerId = answer.workerId;
    this.queue = answer.queue;
    this.queueLogin = answer.queueLogin ?? null;
    this.#client = client;
    this.#options = options;
    this.#registration = registration;
    this.#heartbeatMs = answer.heartbeatMs;
    this.dismissed = this.#dismissed.signal;
    client.onProblem = (problem) => void this.#dismiss(problem);
    void this.#stayKnown();
  }

  async claim(job: ClaimableJob, signal?: AbortSignal): Promise<Claim> {
    const { protocol, instance } = this.#registration;
    const body: ClaimRequest = { protocol, instance, subject: job };
    const until = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    try {
      return await this.#claim(body, until);
    } catch (error) {
      if (error instanceof Problem && error.code === 'claim_refused')
        return { granted: false, reason: error.message };
      throw error;
    }
  }

  router(name: string): RouterLink {
    return new HttpRouterLink(this.#client, name, this.#options.spoolDir, this.#closed.signal);
  }

  async holdsName(): Promise<boolean> {
    return this.#register(this.#closed.signal).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    const reason = 'the worker ends';
    const takesLeave = !this.#closed.signal.aborted && knowsLeaving(this.#registration.protocol);
    this.#closed.abort(new Error(reason));
    const left = takesLeave ? this.#leave() : null;
    await Promise.all([left, ...[...this.#leases].map((lease) => lease.abandon(reason, left))]);
  }

  /** A server that does not hear it gives this process no work once it was silent for the time of a lease. */
  async #leave(): Promise<void> {
    const request = { method: 'POST', path: '/workers/leave', body: {}, timeoutMs: LEAVE_MS } as const;
    await this.#client.send(request).catch(() => undefined);
  }

  async #claim(body: ClaimRequest, signal: AbortSignal): Promise<Claim> {
    // Measured before the first try: a claim that is answered later with the same lease was granted since then.
    const claimedAt = performance.now();
    const answer = (await this.#client.sendUntilAnswered({
      method: 'POST',
      path: '/claims',
      body,
      timeoutMs: ANSWER_MS,
      signal,
    })) as ClaimAnswer;
    const answeredAt = performance.now();
    // A queue that was killed brings a job again, and the server grants one process the same lease again.
    if (this.#granted.has(answer.lease.id))
      return { granted: false, reason: 'this process has taken it already' };
    this.#granted.add(answer.lease.id);
    const lease: HeldLease = new HeldLease({
      client: this.#client,
      answer,
      claimedAt,
      answeredAt,
      heartbeatMs: this.#heartbeatMs,
      spoolDir: path.join(this.#options.spoolDir, answer.lease.id),
      serverAwayMs: this.#options.serverAwayMs ?? TIMES.serverAway,
      onReport: (report) => this.#options.onReport?.(lease, report),
      onSecrets: (values) => this.#options.onSecrets?.(values),
    });
    this.#leases.add(lease);
    void lease.ended.then(() => this.#leases.delete(lease));
    return { granted: true, lease };
  }

  /** An idle worker says that it is there; the server gives work to none that is silent. */
  async #stayKnown(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await pause(this.#heartbeatMs, signal).catch(() => undefined);
      await this.#register(signal).catch(() => undefined);
    }
  }

  #register(signal: AbortSignal): Promise<unknown> {
    const lowDisk = this.#options.lowDisk?.() ?? undefined;
    const body = registrationIn(this.#registration.protocol, { ...this.#registration, lowDisk, again: true });
    return this.#client.send({ method: 'POST', path: '/workers', body, timeoutMs: ANSWER_MS, signal });
  }

  async #dismiss(problem: Problem): Promise<void> {
    if (!DISMISSALS.has(problem.code) || this.#closed.signal.aborted) return;
    this.#dismissed.abort({ kind: 'lost', reason: problem.message } satisfies Stop);
    this.#closed.abort(new Error(problem.message));
    await Promise.all([...this.#leases].map((lease) => lease.abandon(problem.message)));
  }
}

const DISMISSALS: ReadonlySet<string> = new Set([
  'worker_superseded',
  'worker_token_wrong',
  'protocol_wrong',
]);
