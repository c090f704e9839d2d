import { PIPELINE_LIMITS, PLAN_DEFAULTS } from '../src/core/plan-defaults.ts';

/** Every time that Slipway waits for, in one table (ms). Operators may set those of `settings.ts`. */
export const TIMES = {
  /** How long a lease holds without a heartbeat. */
  lease: 15_000,
  heartbeat: 5_000,
  /** A worker goes on with its work for this long without an answer of the server, then counts its leases as lost. */
  serverAway: 10 * 60_000,
  /** Between two looks whether PostgreSQL answers, also while it does not; an answer that takes longer is none. */
  databaseLook: 5_000,
  databaseAway: 1_000,
  databaseAnswer: 10_000,
  /** The server's lock on its database. */
  serverLock: 5_000,
  /** A log chunk leaves the worker after this long, or at `LOG_CHUNK_BYTES`. */
  logTick: 50,
  /** How long a worker keeps the image of a workflow that did not end green, for what failed of it to run again in it. */
  keptImage: 24 * 60 * 60_000,
  stepDeadline: PLAN_DEFAULTS.stepTimeoutMs,
  /** Between the polite signal and the kill. */
  stepGrace: 10_000,
  /** For a background child that holds a step's output open. */
  backgroundGrace: 5_000,
  /** For all that is collected and sent of what one attempt of a step has left: test reports and artifact. */
  keeping: 10 * 60_000,
  /** A step's container ends when its worker was silent for this long. */
  deadManSwitch: 30_000,
  /** A push or a pull in which no byte moves for this long, in either direction, is tried again, or has failed. */
  registryIdle: 10 * 60_000,
  /** For one fetch from a Git host, and in it for nothing to come. */
  gitFetch: 60 * 60_000,
  gitIdle: 5 * 60_000,
  /** For the default branch of a project to be read for its schedules; a fetch that takes longer goes on, and is there next time. */
  scheduleRead: 60_000,
  /** For all that one build includes of other projects; whoever owns those is not who waits. */
  includeRead: 60_000,
  /** After the first time that such a file could not be read; then four times as long. */
  includeAgain: 500,
  reconciler: 30_000,
  /** Between two looks at the files of a certificate. */
  certificateLook: 30_000,
  /** Between two looks at which builds and deployments have ended, to log them. */
  endsLook: 1_000,
  /** Whether a process is at rest and holds memory that it does not need. */
  memoryLook: 5_000,
  /** Between two questions to the Git host for deliveries that never came. */
  missedDeliveries: 3 * 60_000,
  /** A staging repository is looked at once more so long after a worker was lost: its engine may go on pushing. */
  lateStaging: 60 * 60_000,
  /** A placed workflow that its worker has not claimed goes back to the queue. */
  placement: 15_000,
  /** Health checks: the first at once, then from `healthFirst`, doubling to `healthMost`. */
  healthFirst: 50,
  healthMost: 500,
  healthTimeout: PLAN_DEFAULTS.healthTimeoutMs,
  serviceReady: PLAN_DEFAULTS.serviceReadyMs,
  signalsWait: 25_000,
  sseComment: 15_000,
  /** A reader of an event stream that takes nothing for this long is cut off; it comes back when it reads again. */
  sseStall: 30_000,
  /** For the head of a request, and for all of it: whoever takes longer is cut off. */
  requestHead: 15_000,
  request: 120_000,
  /** A connection on which nothing moves, in either direction, is cut off. */
  idleConnection: 5 * 60_000,
  /** Between two requests of a connection: longer than the 60 s that load balancers keep theirs. */
  keepAlive: 65_000,
  /** For answers under way when the server ends. */
  lastAnswers: 2_000,
  /** For the body of a webhook: GitHub gives a delivery up after 10 s ("Best practices for using webhooks"). */
  receive: 10_000,
  /** The rest of a refused body is dropped for this long, so that its sender reads the answer. */
  refusedBody: 10_000,
} as const;

/** Sizes, in bytes. */
export const SIZES = {
  logChunk: 64 * 1024,
  /** Unacknowledged output of one step on the worker's disk; past it the container is no longer read. */
  spool: 2 * 1024 ** 3,
  webhookBody: 25 * 1024 * 1024,
  /** Webhook bodies in memory at the same time; enough for four of the largest. */
  receiving: 128 * 1024 * 1024,
  /** JSON of the API, of strangers (signing in) and of workers. */
  apiBody: 1024 * 1024,
  publicBody: 4 * 1024,
  workerBody: 4 * 1024 * 1024,
  /** What is dropped of a refused body before its sender is cut off. */
  refusedBody: 100 * 1024 * 1024,
  pipelineFile: PIPELINE_LIMITS.bytes,
  /** What images of workflows that did not end green have for themselves on one engine; the newest build's stay. */
  keptImages: 20 * 1024 ** 3,
  stepMemory: 4 * 1024 ** 3,
} as const;

export const LIMITS = {
  pids: 4_096,
  healthPasses: PLAN_DEFAULTS.healthPasses,
  deliveryAttempts: 5,
  /** Times that it is begun to plan a build. */
  planAttempts: 3,
  /** Event streams of one token or session, and of all together. */
  streamsEach: 32,
  streams: 512,
  workflowAttempts: 3,
  /** Workflows that did not end green whose images one engine keeps; of the newest build all. */
  keptImages: 20,
  /** Of the releases that were live before those in slots, so many keep their image on the target: to roll back without a pull. */
  keptReleases: 3,
} as const;

/**
 * Tries of effects, by kind, before they have failed; others have 20. With the back-off, 5 are some seconds (a worker
 * waits for it, beside those that the client of a registry makes by itself), and 10,000 a week.
 */
export const EFFECT_TRIES = {
  'put-manifest': 5,
  'remove-manifest': 10_000,
  'clear-staging': 10_000,
  // A day: nothing waits for a status, and a Git host may be away for long.
  'commit-status': 1_440,
  'commit-check': 1_440,
} as const;
