import type { ColumnType, Generated } from 'kysely';
import type { AuditAction, AuditActor, AuditSubject } from '../core/audit.ts';
import type { DeploymentCause, DeploymentPhase, SlotIndex, SlotRole } from '../core/deployment.ts';
import type { NamedImage } from '../core/named-image.ts';
import type { ProblemCode } from '../core/problem.ts';
import type { Status } from '../core/status.ts';
import type { TestStatus } from '../core/test-report.ts';
import type { StepKind } from '../core/work.ts';

/**
 * The tables. Portable between SQLite and PostgreSQL: ids are text ordered by time, times are epoch ms
 * (bigint), documents are JSON text (`…_json`), truth values are 0 or 1. What a build or a
 * deployment goes through has a `version`, which grows with each change.
 */
export interface Database {
  delivery: DeliveryTable;
  delivery_build: DeliveryBuildTable;
  delivery_body: DeliveryBodyTable;
  delivery_look: DeliveryLookTable;
  project: ProjectTable;
  schedule: ScheduleTable;
  build: BuildTable;
  workflow: WorkflowTable;
  step: StepTable;
  step_attempt: StepAttemptTable;
  artifact: ArtifactTable;
  division: DivisionTable;
  named_image: NamedImageTable;
  test_report: TestReportTable;
  test_result: TestResultTable;
  image: ImageTable;
  staging: StagingTable;
  manifest: ManifestTable;
  release: ReleaseTable;
  environment: EnvironmentTable;
  slot: SlotTable;
  deployment: DeploymentTable;
  event: EventTable;
  outbox: OutboxTable;
  lease: LeaseTable;
  worker: WorkerTable;
  secret: SecretTable;
  registry_login: RegistryLoginTable;
  access_token: AccessTokenTable;
  notification_target: NotificationTargetTable;
  audit: AuditTable;
  server_lock: ServerLockTable;
}

type Version = Generated<number>;
/** Set when a row is made; from then on only `transition` in `src/builds` changes it: no update's type has it. */
type StatusColumn = ColumnType<Status, Status, never>;

export interface DeliveryTable {
  id: string;
  host: 'github';
  /** The host's delivery id; unique with `host`. */
  host_delivery_id: string;
  event: string;
  action: string | null;
  repository: string | null;
  /** Raw body as it was signed, UTF-8. */
  body: string;
  body_bytes: number;
  received_at: number;
  /** How often it came. */
  times: Generated<number>;
  outcome: 'received' | 'built' | 'ignored' | 'blocked' | 'failed';
  reason: string | null;
  attempts: Generated<number>;
  /** How often it was begun to take it in of those that an earlier life of the server had left; `LIMITS.planAttempts`. */
  plan_attempts: Generated<number>;
  version: Version;
}

/**
 * Builds that a delivery led to, also those that another delivery had made already: a pull request links to its
 * push's build. Primary key: both columns.
 */
export interface DeliveryBuildTable {
  delivery_id: string;
  build_id: string;
  /** Number of the pull request that the delivery was about; null for a push. */
  pull_request: number | null;
}

/** How far a Git host was asked for deliveries that never came; one row for each webhook or App that is asked. */
export interface DeliveryLookTable {
  /** `app`, or the full name of the repository whose webhook it is. */
  source: string;
  /** Deliveries up to this time are all here. */
  since: number;
  /** While a look is under way: the time that `since` will be once it has come to the end. */
  until: number | null;
  /** While a look is under way: where the next page begins. */
  cursor: string | null;
  version: Version;
}

export interface ProjectTable {
  id: string;
  path: string;
  clone_url: string;
  /** Full name on its Git host (`owner/name`), by which deliveries find it; lower case. */
  host_repository: string;
  default_branch: string;
  /** Encrypted access token for clone; null for public repositories. */
  clone_token: string | null;
  /** Encrypted token for the Git host's API; null where the project has none. */
  host_token: string | null;
  /** Installation of the server's GitHub App that has the repository, as far as it is known. */
  installation_id: string | null;
  /** Projects that may include its files: a JSON list of patterns of paths; null: none. */
  shared_with_json: Generated<string | null>;
  /** From then on its default branch is to be read for its schedules, not for a time that has come; null: that is done. */
  schedules_try_at: Generated<number | null>;
  /** Since then it is being removed and takes no new build; null: it is not. */
  removing_at: Generated<number | null>;
  next_build_number: Generated<number>;
  created_at: number;
  version: Version;
}

/** A signed body that has come, of an event that may lead to a build. It outlives its delivery: no header of one is signed. */
export interface DeliveryBodyTable {
  /** See `bodyDigest`. */
  digest: string;
  /** What brought it; that may be gone. */
  delivery_id: string;
  received_at: number;
  /** How often it was taken for another event of the same second. */
  repeats: Generated<number>;
}

/** When builds of a project are made by the clock, as its default branch last said; unique by project and name. */
export interface ScheduleTable {
  id: string;
  project_id: string;
  name: string;
  expression: string;
  timezone: string;
  /** 0: a person has stopped it. */
  enabled: Generated<number>;
  /** The time that the next build is made for. */
  next_at: number;
  /** All times up to this one are dealt with; null: none came yet. */
  done_until: number | null;
  /** The newest build that it made; that may be removed. */
  last_build_id: string | null;
  /** Why no build was made of `next_at` so far; it is tried again at `try_at`. */
  problem: string | null;
  try_at: Generated<number>;
  version: Version;
}

export interface BuildTable {
  id: string;
  project_id: string;
  number: number;
  delivery_id: string | null;
  /** The first build of those that run the same event and plan again. */
  rerun_of: string | null;
  /** The build of which only what failed runs again; null: all of it runs. */
  rerun_from: string | null;
  status: StatusColumn;
  reason: string | null;
  /** Of the catalogue, `EndCode`, or that of a newer worker; null: it has none, or is older than those. */
  code: Generated<string | null>;
  /** `RepositoryEvent` as JSON. */
  event_json: string;
  event_kind: 'push' | 'tag' | 'pull_request' | 'manual' | 'cron';
  ref_name: string;
  commit: string;
  /** Branch whose order it belongs to; null for tags. */
  branch: string | null;
  pull_request: number | null;
  /**
   * Place in the order of arrival, text that sorts: the time part of its delivery's id, of its own id where it has
   * none. A delivery that led to its build late, and a re-run, keep their place.
   */
  branch_order: string;
  /** 1: its files were read, and its workflows are there. */
  planned: Generated<number>;
  /** How often it was begun to plan it, counted before: a plan may take the server down. */
  plan_attempts: Generated<number>;
  problems_json: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  cancel_requested: string | null;
  version: Version;
}

export interface WorkflowTable {
  id: string;
  build_id: string;
  name: string;
  status: StatusColumn;
  reason: string | null;
  code: Generated<string | null>;
  attempt: number;
  /** `Labels` as JSON that its worker must have. */
  labels_json: Generated<string>;
  /** `WorkerFeature`s as JSON that its worker must know. */
  needs_json: Generated<string>;
  /** What it is counted with in its project, see `groupKey`, and how many of those run at a time; null: with no other. */
  group_key: string | null;
  group_limit: number | null;
  /** Its place in the build's plan, from 0. */
  position: Generated<number>;
  /** `Plan` as JSON. */
  plan_json: string;
  /** Names of the workflows of its build that must be over first, as JSON. */
  depends_on_json: Generated<string>;
  /** Which outcome of those lets it run, as JSON. */
  runs_on_json: Generated<string>;
  /** `MatrixValues` as JSON; null: it is of no matrix. */
  matrix_json: string | null;
  /** The workflow of an earlier build that was green and is not run again: this one stands for it. */
  carried_from: string | null;
  /** `WorkflowRepeat` as JSON: what of it runs again; null: all of it runs. */
  repeat_json: string | null;
  /** Set while placed on a worker, claimed or not. */
  worker_id: string | null;
  placed_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  /** Why it is to end, while its build goes on; null: it is not. */
  cancel_requested: string | null;
  version: Version;
}

export interface StepTable {
  id: string;
  workflow_id: string;
  /** Each attempt of the workflow has rows of its own: an end is never reopened. */
  workflow_attempt: number;
  position: number;
  kind: StepKind;
  name: string;
  /** Name of the step of the file that it is a share of; null: it is none. */
  split_of: Generated<string | null>;
  depends_on_json: string;
  status: StatusColumn;
  reason: string | null;
  code: Generated<string | null>;
  /** The step of an earlier build that was green and is not run again; its attempts are this one's. */
  carried_from: string | null;
  /** Who wants it to end, while the rest goes on; null: nobody. */
  cancel_requested: string | null;
  version: Version;
}

export interface StepAttemptTable {
  id: string;
  step_id: string;
  workflow_attempt: number;
  attempt: number;
  status: StatusColumn;
  reason: string | null;
  code: Generated<string | null>;
  exit_code: number | null;
  started_at: number | null;
  finished_at: number | null;
  version: Version;
}

/** Which share of a step of a workflow has which test files: made once. Primary key: workflow and step. */
export interface DivisionTable {
  workflow_id: string;
  /** Name of the step in the file. */
  step: string;
  build_id: string;
  /** `Division` as JSON. */
  shares_json: string;
}

/** What an image's name stood for in a workflow; `NamedImage`. Primary key: `workflow_id` with `name`. */
export interface NamedImageTable {
  workflow_id: string;
  /** As in the plan. */
  name: string;
  build_id: string;
  from_place: NamedImage['from'];
  digest: string;
  /** Null: it was carried over from the build of which only what failed runs again. */
  worker_id: string | null;
}

/** Files that a step's attempt has left, as one archive. Unique: `attempt_id` with `name`. */
export interface ArtifactTable {
  id: string;
  build_id: string;
  attempt_id: string;
  name: string;
  files: number;
  bytes: number;
  /** Of the archive, `sha256:…`. */
  digest: string;
  /** 1: all of it is here. */
  whole: number;
  created_at: number;
  /** Null: it goes with its build. */
  expires_at: number | null;
}

/** What the report files of one attempt of a step said together. */
export interface TestReportTable {
  attempt_id: string;
  build_id: string;
  files: number;
  passed: number;
  failed: number;
  errors: number;
  skipped: number;
  /** Why it is not the whole truth. */
  note: string | null;
}

/** One test of such a report; `position` is its place in it, those that did not pass first. */
export interface TestResultTable {
  attempt_id: string;
  position: number;
  build_id: string;
  project_id: string;
  /** The same for the same test of the same step in every build of the project. */
  test_key: string;
  suite: string;
  name: string;
  file: string | null;
  line: number | null;
  status: TestStatus;
  duration_ms: number | null;
  message: string | null;
}

export interface ImageTable {
  /** Of one workflow: what was built and, later, where it was pushed. */
  workflow_id: string;
  build_id: string;
  built_json: string;
  pushed_json: string | null;
  tags_json: string | null;
  /** The worker whose engine keeps it after a red end, and how long it is to. */
  kept_by: string | null;
  kept_until: number | null;
  version: Version;
}

/** Where the holder of a lease may stage an image: from its grant until nothing of it is there. */
export interface StagingTable {
  lease_id: string;
  build_id: string;
  /** `host/repository` of the staging repository. */
  repository: string;
}

/** Manifests that builds have put into repositories, or are about to. Primary key: the first three columns. */
export interface ManifestTable {
  /** `host/repository`. */
  repository: string;
  digest: string;
  build_id: string;
  /** 1: the repository did not have it when this build named it. */
  fresh: number;
  named_at: number;
}

export interface ReleaseTable {
  id: string;
  environment_id: string;
  build_id: string;
  digest: string;
  hash: string;
  /** `Release` as JSON. */
  release_json: string;
  created_at: number;
}

export interface EnvironmentTable {
  id: string;
  project_id: string;
  name: string;
  router: string;
  hosts_json: string;
  /** HAProxy backend that was declared ahead for it, from 0. */
  backend: number;
  /** Grows with every claim of a deployment of it and every change of its slots that no deployment made. */
  fence: Generated<number>;
  created_at: number;
  /** When its removal was asked for; null: it stays. */
  removing_at: number | null;
  /** Names of the volumes that go with it, as JSON; null: none was named. */
  removing_volumes_json: string | null;
  /** What the removal waits for, as it was last said; null: nothing that is known. */
  removal_waits_for: string | null;
  /** Names of the volumes that its deployments have had, as JSON, sorted; null: see `environmentVolumes`. */
  volumes_json: string | null;
  version: Version;
}

export interface SlotTable {
  id: string;
  environment_id: string;
  slot_index: SlotIndex;
  role: SlotRole;
  address: string;
  port: number | null;
  release_id: string | null;
  deployment_id: string | null;
  started_by: string | null;
  since: number | null;
  standby_until: number | null;
  version: Version;
}

export interface DeploymentTable {
  id: string;
  environment_id: string;
  build_id: string | null;
  /** The workflow whose image it brings; null for one that no build asked for. */
  workflow_id: string | null;
  release_id: string | null;
  cause: DeploymentCause;
  status: StatusColumn;
  phase: DeploymentPhase;
  reason: string | null;
  code: Generated<string | null>;
  /** `DeployPlan` as JSON. */
  settings_json: string;
  /** Slot it prepares; recorded at its first claim. */
  candidate: SlotIndex | null;
  /** That of its build. */
  branch_order: string | null;
  attempt: Generated<number>;
  /** Log of the newest attempt; each has its own, since offsets count from 0 in each. */
  log_id: string;
  worker_id: string | null;
  placed_at: number | null;
  created_at: number;
  started_at: number | null;
  switched_at: number | null;
  finished_at: number | null;
  cancel_requested: string | null;
  version: Version;
}

/** Append-only history; rows are truth, events tell how they became so. */
export interface EventTable {
  id: string;
  at: number;
  /** e.g. `build`, `workflow`, `step_attempt`, `deployment`, `slot`. */
  subject_kind: string;
  subject_id: string;
  build_id: string | null;
  type: string;
  detail_json: string;
}

export interface OutboxTable {
  id: string;
  /** Unique: the same key is the same effect. */
  key: string;
  /** Build, workflow or deployment whose effect it is; of a tried notification its target. */
  subject_id: string;
  kind: string;
  /** Effects of one target are done one after the other. */
  target: string;
  payload_json: string;
  state: 'pending' | 'done' | 'failed';
  attempts: Generated<number>;
  next_at: number;
  result: string | null;
  lease_id: string | null;
  created_at: number;
  finished_at: number | null;
  version: Version;
}

export interface LeaseTable {
  id: string;
  subject_kind: 'workflow' | 'deployment';
  subject_id: string;
  attempt: number;
  worker_id: string;
  worker_instance: string;
  token_hash: string;
  /** Grows with each lease, of whatever subject. */
  fence: number;
  granted_at: number;
  ends_at: number;
  /** Null while it holds. */
  ended_at: number | null;
  end_reason: string | null;
  /** Reports taken in so far. */
  reports: Generated<number>;
  /** Version of what the server tells its holder. */
  signals: Generated<number>;
  version: Version;
}

export interface WorkerTable {
  id: string;
  name: string;
  token_hash: string;
  instance: string | null;
  capacity: number;
  /** Routers that its token is for; {@link routers_json} holds those of them that its process has. */
  token_routers_json: string;
  routers_json: string;
  /** `Labels` as JSON: those that its token is for, and those of them that its process has. */
  token_labels_json: Generated<string>;
  labels_json: Generated<string>;
  /** Since when it gets no new work; null: it does. */
  draining_since: number | null;
  /** Version of the worker protocol that its process speaks, and of its program; null before the first one. */
  protocol: number | null;
  program: string | null;
  /** What its process knows to do beyond its protocol's version, of `WORKER_FEATURES`, as JSON. */
  features_json: Generated<string>;
  /** Why its process is to be given no new workflow: a disk of its host has too little free; null: it may be. */
  low_disk: string | null;
  queue: string;
  seen_at: number;
  joined_at: number;
  version: Version;
}

export interface SecretTable {
  id: string;
  project_id: string;
  name: string;
  ciphertext: string;
  created_at: number;
  updated_at: number;
  version: Version;
}

export interface RegistryLoginTable {
  /** `host[:port]`; unique with `use`. */
  host: string;
  /** Which leases get it; see `src/secrets/choose-logins.ts`. */
  use: 'push' | 'pull';
  username: string;
  ciphertext: string;
  updated_at: number;
}

export interface AccessTokenTable {
  id: string;
  name: string;
  kind: 'admin' | 'session';
  /** Admin token that a session was made with; null for admin tokens. */
  admin_id: string | null;
  token_hash: string;
  created_at: number;
  expires_at: number | null;
  /** Of admin tokens, within a minute. */
  last_used_at: number | null;
}

/** Where a project's notifications go. */
export interface NotificationTargetTable {
  id: string;
  project_id: string;
  kind: 'webhook' | 'email';
  /** What people see of it, a list: the origin of a webhook's address, or e-mail addresses. */
  to_json: string;
  /** Encrypted: address and signing secret of a webhook; null for e-mail. */
  sealed: string | null;
  /** `NotificationEvent`s, and patterns of branches (none: all), as JSON. */
  events_json: string;
  branches_json: string;
  created_at: number;
}

/** An entry of the audit log; see `AuditEntry`. Nothing changes one. */
export interface AuditTable {
  id: string;
  at: number;
  actor_kind: AuditActor['kind'];
  actor_id: string | null;
  actor_name: string | null;
  via: AuditActor['via'];
  action: AuditAction;
  /** Null: the request was refused before it said what it is about. */
  subject_kind: AuditSubject['kind'] | null;
  subject_id: string | null;
  subject_name: string | null;
  address: string | null;
  request_id: string | null;
  /** Why it was refused; null where it was done. */
  refused: ProblemCode | null;
}

/** One row. `fence` grows with each holder; writes of a server whose fence is older are refused at commit. */
export interface ServerLockTable {
  id: number;
  holder: string;
  /** Boot id and pid of the holder, to take over at once when that local process is dead. */
  process: string;
  fence: number;
  ends_at: number;
}
