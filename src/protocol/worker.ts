/**
 * The worker protocol, version 2: HTTP and JSON under `/worker/v1`. The server answers a worker whose version is its own
 * or one older; a worker speaks the version before its own to a server that knows no newer one. So either may be upgraded
 * first. What came with version 2: `POST /workers/leave`, `POST /leases/:lease/give-up`, and of a registration `labels`
 * and `program`.
 *
 * | request | body → answer |
 * |---|---|
 * | `POST /workers` | {@link RegisterRequest} → {@link RegisterAnswer}; safe to repeat, and repeated each `heartbeatMs`: an idle worker that is silent for `leaseMs` gets no work; 409 `worker_running` |
 * | `POST /workers/leave` | `{}` → `{}`; the process ends: it gets no work any more, and gives its leases up one by one; safe to repeat |
 * | `POST /claims` | {@link ClaimRequest} → {@link ClaimAnswer}; 409 `claim_refused` |
 * | `POST /leases/:lease/heartbeat` | `{}` → {@link HeartbeatAnswer}; 410 `lease_lost` |
 * | `POST /leases/:lease/give-up` | `{}` → `{}`; its holder has ended the work without an end to report: the lease is lost at once |
 * | `GET /leases/:lease/signals?seen=N&waitMs=M` | → {@link SignalsAnswer}, as soon as its version is not N, else after M ms |
 * | `POST /leases/:lease/reports` | {@link ReportsRequest} → {@link ReportsAnswer}; safe to repeat; 409 `log_not_ended`, `switch_refused`, 400 `request_wrong` for an image that the server has not put (the reports before it are taken in) |
 * | `POST /leases/:lease/logs` | log frames (`frames.ts`) → {@link LogsAnswer}; 409 `log_offset_wrong` |
 * | `POST /leases/:lease/source` | {@link SourceRequest} → a Git bundle of the workflow's commit and the tags, {@link BUNDLE_CONTENT_TYPE}; one that ends early is broken |
 * | `POST /leases/:lease/tests` | {@link TestsRequest} → `{}`; what the reports of a step's attempt said, in parts; safe to repeat; an older server answers 404 |
 * | `POST /leases/:lease/splits` | {@link SplitRequest} → {@link SplitAnswer}: which share of a step has which of its test files; the first request decides, and files that came since are added |
 * | `POST /leases/:lease/images` | {@link ImageRequest} → {@link ImageAnswer}: what an image's name stands for in the build; who first has found one decides; an older server answers 404 |
 * | `POST /leases/:lease/artifacts` | {@link ArtifactOffer} → {@link ArtifactAnswer}: where its sending goes on; safe to repeat; 413 `artifact_too_large`; an older server answers 404 |
 * | `POST /leases/:lease/artifacts/:artifact?offset=N` | bytes, at most `ARTIFACT_LIMITS.part` → {@link ArtifactAnswer}; safe to repeat; with the last byte it is held against its digest, and durable once it is answered |
 * | `GET /leases/:lease/artifacts/:artifact` | → a gzipped tar archive that the work's `takes` name; 404 `artifact_gone`; one that ends early is broken |
 * | `GET /leases/:lease/secrets` | → `LeaseSecrets` of core/work.ts |
 * | `POST /leases/:lease/effects` | {@link EffectRequest} → {@link EffectAnswer}; safe to repeat |
 * | `GET /routers/:router` | → `RouterRecord` of core/work.ts; the four under `/routers` are for a worker registered with that router |
 * | `POST /routers/:router/events` | {@link RouterEventsRequest} → `{}`; an event of the environment's history each; safe to repeat |
 * | `POST /routers/:router/removed` | {@link RouterRemovedRequest} → `{}`; harmless twice |
 * | `POST /routers/:router/logs` | log frames of ids `app_<deployment>` → {@link LogsAnswer}; 409 `log_offset_wrong` |
 *
 * Every request carries `Authorization: Bearer <worker token>`, and all but the first registration
 * `Slipway-Instance: <instance>`: a process that does not hold its worker's name (any more) is answered 410
 * `worker_superseded`. Those under a lease also carry `Slipway-Lease: <lease token>`; a lease that is over answers 410
 * `lease_lost` to everything.
 */
import { z } from 'zod';
import { ARTIFACT_LIMITS, ARTIFACT_NAME, type ArtifactOffer } from '../core/artifact.ts';
import { LABEL_NAME, LABEL_VALUE, MOST_LABELS } from '../core/labels.ts';
import type { NamedImage } from '../core/named-image.ts';
import { SPLIT_LIMITS, type Division } from '../core/split.ts';
import { TEST_LIMITS, type TestResult } from '../core/test-report.ts';
import type { Report, Signals, Work } from '../core/work.ts';

export const PROTOCOL_VERSION = 2;
export const OLDEST_PROTOCOL = PROTOCOL_VERSION - 1;

/** Test results in one request. */
export const TEST_PART = 1_000;

export const registerRequest = z.object({
  protocol: z.number().int(),
  /** Stable name of the worker: the same name is the same worker. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/),
  /** New at each start of the process: when it gets the name, the leases of an earlier instance are over. */
  instance: z.string().min(8).max(64),
  /** An earlier instance that is known to be dead: where it holds the name, it is followed at once. */
  after: z.string().min(8).max(64).optional(),
  /** Workflows it runs at once. */
  capacity: z.number().int().min(0).max(64),
  /** Routers this worker's host has: it takes deployments of those. */
  routers: z.array(z.string()).max(16),
  /**
   * Labels that this process has; each must be one of its token's. Absent: all of the token's. Since version 2, as is
   * `program`.
   */
  labels: z
    .record(z.string().regex(LABEL_NAME), z.string().regex(LABEL_VALUE))
    .refine((labels) => Object.keys(labels).length <= MOST_LABELS)
    .optional(),
  /** Version of the worker's program, for people. */
  program: z.string().max(64).optional(),
  /** Of `WORKER_FEATURES`, what its process knows; others are for newer servers. Absent: nothing of them. */
  features: z.array(z.string().max(64)).max(64).optional(),
  /** Why it is to be given no new workflow: which of its disks has too little free. Absent: it may be. */
  lowDisk: z.string().max(200).optional(),
  /** True for a repetition: it does not take the name back from a process that registered since. */
  again: z.boolean().optional(),
});
export type RegisterRequest = z.infer<typeof registerRequest>;

/** A registration as a version of the protocol has it, {@link PROTOCOL_VERSION} or the one before. */
export function registrationIn(protocol: number, request: RegisterRequest): RegisterRequest {
  const { labels, program, features, lowDisk, ...since1 } = request;
  return protocol < 2 ? { ...since1, protocol } : { ...since1, labels, program, features, lowDisk, protocol };
}

/** Whether a version of the protocol knows `POST /workers/leave` and `POST /leases/:lease/give-up`. */
export function knowsLeaving(protocol: number): boolean {
  return protocol >= 2;
}

export interface RegisterAnswer {
  readonly workerId: string;
  /** BullMQ queue of this worker. */
  readonly queue: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Its own login at Redis, instead of one in its settings; null, or absent: it has none. Since version 2. */
  readonly queueLogin?: { readonly username: string; readonly password: string } | null;
}

export const claimRequest = z.object({
  protocol: z.number().int(),
  instance: z.string(),
  subject: z.object({
    kind: z.enum(['workflow', 'deployment']),
    id: z.string(),
    attempt: z.number().int().min(1),
  }),
});
export type ClaimRequest = z.infer<typeof claimRequest>;

export interface ClaimAnswer {
  readonly lease: {
    readonly id: string;
    readonly token: string;
    readonly fence: number;
    readonly ttlMs: number;
  };
  /**
   * The server's time, epoch ms: the holder counts on from it by a clock that nobody sets, so that reports have the right
   * distance from each other whatever the clocks of the two say. An older server does not tell.
   */
  readonly nowMs?: number;
  readonly work: Work;
}

export interface HeartbeatAnswer {
  readonly ttlMs: number;
  /** Version of the signals; a change means: read them. */
  readonly signals: number;
}

export interface SignalsAnswer {
  readonly version: number;
  readonly signals: Signals;
}

export interface ReportsRequest {
  readonly reports: readonly Report[];
}

/** `accepted`: every report up to this n is durable. */
export interface ReportsAnswer {
  readonly accepted: number;
}

/** `durable`: per log, the offset up to which bytes are on the server's disk (after fdatasync). */
export interface LogsAnswer {
  readonly durable: Readonly<Record<string, number>>;
}

export const BUNDLE_CONTENT_TYPE = 'application/x-git-bundle';

/** What the worker's mirror has already: ids of commits and tags. Those that the server does not know do no harm. */
export const sourceRequest = z.object({
  have: z
    .array(z.string().regex(/^[0-9a-f]{40}$/))
    .max(10_000)
    .readonly(),
});
export type SourceRequest = z.infer<typeof sourceRequest>;

/** What is told of an artifact before its bytes: a gzipped tar archive. */
export const artifactOffer = z.object({
  attemptId: z.string().max(64),
  name: z.string().regex(ARTIFACT_NAME),
  files: z.number().int().min(0).max(ARTIFACT_LIMITS.files),
  bytes: z.number().int().min(1),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  keepMs: z.number().int().min(0).max(100_000_000_000_000).nullable(),
}) satisfies z.ZodType<ArtifactOffer>;

export interface ArtifactAnswer {
  readonly id: string;
  /** Bytes that the server has. */
  readonly received: number;
  readonly whole: boolean;
}

const testCount = z.number().int().min(0).max(1_000_000_000);
const testText = (most: number) => z.string().max(most);

/** A part of a test report: results in their order, the first part with what they come to. */
export const testsRequest = z.object({
  attemptId: z.string().max(64),
  /** Place of the first of `results` in the whole report; what the server has from there on is replaced. */
  from: z.number().int().min(0).max(TEST_LIMITS.results),
  results: z
    .array(
      z.object({
        suite: testText(TEST_LIMITS.suite),
        name: testText(TEST_LIMITS.name),
        file: testText(TEST_LIMITS.file).nullable(),
        line: testCount.nullable(),
        status: z.enum(['passed', 'failed', 'error', 'skipped']),
        ownFile: z.literal(true).optional(),
        durationMs: z.number().int().min(0).max(10_000_000_000).nullable(),
        message: testText(TEST_LIMITS.message).nullable(),
      }),
    )
    .max(TEST_PART) satisfies z.ZodType<TestResult[]>,
  /** With the first part: what all files said together. */
  summary: z
    .object({
      files: testCount,
      counts: z.object({ passed: testCount, failed: testCount, error: testCount, skipped: testCount }),
      note: testText(TEST_LIMITS.note).nullable(),
    })
    .optional(),
});
export type TestsRequest = z.infer<typeof testsRequest>;

/** The test files of a step of the lease's workflow that runs in shares. */
export const splitRequest = z.object({
  step: z.string().max(64),
  files: z.array(z.string().min(1).max(SPLIT_LIMITS.name)).min(1).max(SPLIT_LIMITS.files),
});
export type SplitRequest = z.infer<typeof splitRequest>;

export interface SplitAnswer {
  readonly division: Division;
}

/** The name of an image of a step or service of the lease's workflow, and what the worker's engine has by it; null: nothing. */
export const imageRequest = z.object({
  name: z.string().min(1).max(1_024),
  found: z
    .object({
      from: z.enum(['registry', 'engine']),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    })
    .nullable() satisfies z.ZodType<NamedImage | null>,
});
export type ImageRequest = z.infer<typeof imageRequest>;

/** What is to be run by that name; null: it is not decided, and the worker has found nothing yet. */
export interface ImageAnswer {
  readonly image: NamedImage | null;
}

/** What a router did by itself. `id` makes a repeat harmless. */
export const routerEventsRequest = z.object({
  events: z
    .array(
      z.object({
        id: z.string().max(128),
        atMs: z.number().int(),
        environmentId: z.string(),
        /** `failover`: live did not answer and the standby did. `live_down`, `live_up`: live lost or regained its router. */
        type: z.enum(['failover', 'live_down', 'live_up']),
        deploymentId: z.string().nullable(),
        /** Requests that the standby answered instead of live since the last event. */
        requests: z.number().int(),
      }),
    )
    .max(256),
});
export type RouterEventsRequest = z.infer<typeof routerEventsRequest>;

/**
 * Environments of the record's `removals` of which nothing is left, with the volumes that went too; and of others what
 * their removal waits for.
 */
export const routerRemovedRequest = z.object({
  environments: z
    .array(z.object({ id: z.string().max(64), volumes: z.array(z.string().max(64)).max(1_000) }))
    .max(1_000),
  waiting: z
    .array(z.object({ id: z.string().max(64), for: z.string().max(1_000) }))
    .max(1_000)
    .optional(),
});
export type RouterRemovedRequest = z.infer<typeof routerRemovedRequest>;

/** Ids of those that the server has forgotten; one of which an effect is still to be done is told again. */
export interface RouterRemovedAnswer {
  readonly forgotten: readonly string[];
}

/** An effect on the outside that the server does through its outbox. `key` makes a repeat the same effect. */
export const effectRequest = z.object({
  key: z.string().min(1).max(512),
  effect: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('tag'),
      /** `host/repository`. */
      repository: z.string(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      tags: z.array(z.string()).max(64),
    }),
    /** A manifest that is staged, put into the real repository by its digest, untagged; its blobs are there. */
    z.object({
      kind: z.literal('put-manifest'),
      /** `host/repository`. */
      repository: z.string(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      /** The repository did not have it when the worker looked. */
      fresh: z.boolean(),
    }),
    /** An HTTP POST to an address of the operator's, with the key as `Idempotency-Key`. */
    z.object({ kind: z.literal('webhook'), url: z.url(), body: z.string().max(65_536) }),
  ]),
});
export type EffectRequest = z.infer<typeof effectRequest>;
export type Effect = EffectRequest['effect'];

export type EffectAnswer =
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly detail: string }
  | { readonly state: 'failed'; readonly reason: string };
