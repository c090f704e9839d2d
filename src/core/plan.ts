import type { Concurrency } from './concurrency.ts';
import type { Labels } from './labels.ts';

/**
 * What the pipeline files of a commit mean for one event. It is a value: the same files, event and changed paths give
 * the same plan, byte for byte. Nothing in it is secret.
 */
export interface BuildPlan {
  /** In the order of the files' names; combinations of a matrix in the order of the file. */
  readonly workflows: readonly WorkflowPlan[];
}

/** One workflow of a build: it is placed on a worker of its own. */
export interface WorkflowPlan {
  /** That of its file; the combinations of a matrix share it. */
  readonly name: string;
  /** Names of workflows of this plan that must be over first; of a matrix all combinations. */
  readonly dependsOn: readonly string[];
  /** Which outcome of those lets it run. */
  readonly runsOn: readonly ('success' | 'failure')[];
  /** Its combination of the matrix; null: it has none. */
  readonly matrix: MatrixValues | null;
  readonly plan: Plan;
}

/** One combination of a matrix: variable → value, in the file's order. */
export type MatrixValues = Readonly<Record<string, string>>;

/** What one workflow does. */
export interface Plan {
  /** Image to build, or null when the file has no `image` and the repository no Dockerfile. */
  readonly image: ImagePlan | null;
  readonly services: readonly ServicePlan[];
  /** In the file's order. */
  readonly steps: readonly StepPlan[];
  /** Null when nothing is pushed for this event. */
  readonly push: PushPlan | null;
  /** Deployments of this event, in the file's order. */
  readonly deploys: readonly DeployPlan[];
  /** Absent: however many run beside it. */
  readonly concurrency?: Concurrency;
  /** Labels that its worker must have; absent: any worker's do. */
  readonly labels?: Labels;
  /**
   * Present: the commit is not checked out, and the workspace begins empty. A worker of a version that does not know of it
   * checks out.
   */
  readonly skipClone?: true;
  /** Artifacts of other workflows of the build that are in the workspace from the start. Absent: none. */
  readonly takes?: readonly ArtifactTake[];
}

/** Artifacts that a workflow takes of another one, which is over before it begins. */
export interface ArtifactTake {
  /** Name of that workflow. */
  readonly from: string;
  /** Of a matrix only the combinations that have all of this. */
  readonly matrix: MatrixValues;
  /** Names of artifacts; null: all. */
  readonly names: readonly string[] | null;
  /** Folder of the workspace that they are unpacked in; `.` is the workspace. */
  readonly path: string;
  /** It is well where there is none. */
  readonly optional: boolean;
}

/** A value of the environment: text, or the name of a secret whose value the worker fetches under its lease. */
export type PlanValue = string | { readonly fromSecret: string };
export type PlanEnvironment = Readonly<Record<string, PlanValue>>;

export interface ImagePlan {
  /** Path of the Dockerfile, relative to the repository's root. */
  readonly dockerfile: string;
  /** Build context, relative to the repository's root. */
  readonly context: string;
  /** The Dockerfile stage that ships; null is the last one. */
  readonly target: string | null;
  /** The Dockerfile stage the steps run in; null means they run in what ships. */
  readonly testTarget: string | null;
  readonly args: Readonly<Record<string, string>>;
  /** Names of secrets, each a BuildKit secret mount of that id. */
  readonly secrets: readonly string[];
  /** For all that is built of it; absent in plans of before: the default. */
  readonly timeoutMs?: number;
}

export interface ServicePlan {
  /** DNS name on the workflow's network. */
  readonly name: string;
  readonly image: string;
  /** As of a step. */
  readonly pull?: boolean;
  readonly environment: PlanEnvironment;
  /** Empty: the image's own command. */
  readonly commands: readonly string[];
  readonly ready: ReadyPlan;
  /** Absent: none. */
  readonly volumes?: readonly VolumePlan[];
}

/** Where a step or service has a volume. */
interface VolumePlace {
  /** Absolute, in the container. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** A volume that steps and services of one workflow share by its name, made for it and removed with it. */
export type NamedVolumePlan = VolumePlace & { readonly name: string };

/** A path of the worker's host, absolute and tidy; its operator has to allow it. */
export type HostVolumePlan = VolumePlace & { readonly host: string };

export type VolumePlan = NamedVolumePlan | HostVolumePlan;

export const isOfHost = (volume: VolumePlan): volume is HostVolumePlan => 'host' in volume;

/** How a service is known to be ready. `auto`: the image's HEALTHCHECK, else its first exposed TCP port, else at once. */
export type ReadyPlan =
  | { readonly kind: 'auto'; readonly timeoutMs: number }
  | { readonly kind: 'command'; readonly command: string; readonly timeoutMs: number };

export interface StepPlan {
  readonly name: string;
  /**
   * Null: the image just built (its test target where there is one); commands then start in that image's WORKDIR,
   * where it has one. In any other image they start in the workspace.
   */
  readonly image: string | null;
  /** Whether the registry is asked for the image, also where the engine has one of its name. Absent: no. */
  readonly pull?: boolean;
  readonly commands: readonly string[];
  readonly environment: PlanEnvironment;
  /** Names of the steps that must be over first; resolved, so never implicit. */
  readonly dependsOn: readonly string[];
  readonly timeoutMs: number;
  /** What its failure means: `fail` the workflow, `ignore` it, or `cancel` what still runs, of the other workflows too. */
  readonly failure: 'fail' | 'ignore' | 'cancel';
  /** Which outcome of the steps so far lets it run. */
  readonly runsOn: readonly ('success' | 'failure')[];
  /** False: `when` did not match this event; it is shown as skipped. */
  readonly selected: boolean;
  /** Patterns of the files that say how its tests ended, from where its commands start. Absent: none. */
  readonly reports?: ReportsPlan;
  /** What of its files is kept when its commands are over, however. Absent: nothing. */
  readonly artifacts?: ArtifactPlan;
  /** What of its files is kept for later builds. Absent: nothing. */
  readonly caches?: readonly CachePlan[];
  /** Absent: none. */
  readonly volumes?: readonly VolumePlan[];
  /** Absent: it is tried once. */
  readonly retry?: RetryPlan;
  /**
   * Present: the image's own program runs instead of commands. `commands` are then for a worker of a version that knows
   * of none: they fail, and say why.
   */
  readonly program?: ProgramPlan;
  /** Present: it is one of the shares that a step of the file runs in. */
  readonly split?: SharePlan;
}

/** One of several steps that share the test files of one step of the file. */
export interface SharePlan {
  /** Name of that step. */
  readonly step: string;
  /** Which share it is, from 1, and how many there are. */
  readonly share: number;
  readonly of: number;
  /** Patterns of the test files, from `directory`; null: the commands divide the work themselves. */
  readonly files: readonly string[] | null;
  /** Folder that the commands start in, below where they would; null: there. */
  readonly directory: string | null;
}

export interface ReportsPlan {
  readonly junit: readonly string[];
  /** The step's `directory`, below where its commands start: what the reports name is from there. Absent: there. */
  readonly folder?: string;
}

export interface ArtifactPlan {
  readonly name: string;
  /** Patterns of files, from where the commands start. */
  readonly paths: readonly string[];
  /** Null: as long as its build. */
  readonly keepMs: number | null;
}

/** Files that are restored before the commands of a step, and saved after they succeeded. */
export interface CachePlan {
  /** Absolute, or from where the commands start; `*`, `?` and `[…]` within a segment are patterns. */
  readonly paths: readonly string[];
  /** The key, or what it begins with where `files` has any. */
  readonly key: string;
  /** Patterns of files whose content ends the key, from where the commands start. */
  readonly files: readonly string[];
  /** Where no cache has the key: the cache of the first of these, else the newest whose key begins with it. */
  readonly fallbackKeys: readonly string[];
  /** `pull`: it is restored only; `push`: saved only. */
  readonly policy: CachePolicy;
}

export type CachePolicy = 'pull-push' | 'pull' | 'push';

/** A program that runs in a step as it is, without a shell of Slipway's. */
export interface ProgramPlan {
  /** Its words; null: entrypoint and command of the image. */
  readonly entrypoint: readonly string[] | null;
  /** Folder that it starts in, below where a step's commands would; null: there. */
  readonly directory: string | null;
  /** By the names of their variables, `PLUGIN_…`. */
  readonly settings: Readonly<Record<string, SettingValue>>;
}

/** What a plugin is told: text, a secret, or a list or a map of such. */
export type SettingValue =
  | PlanValue
  | { readonly list: readonly SettingValue[] }
  | { readonly map: Readonly<Record<string, SettingValue>> };

/** When a step is tried again. That it may be says that it does no harm twice. */
export interface RetryPlan {
  /** Attempts after the first, at most. */
  readonly count: number;
  /** Between the end of an attempt and the next one. */
  readonly delayMs: number;
  /** Exit codes after which it is tried again; null: whenever an attempt failed. */
  readonly exitCodes: readonly number[] | null;
}

export interface PushPlan {
  /** Repository path without a registry host uses the server's registry, e.g. `shop/web`. */
  readonly repository: string;
  /** Substituted and valid by the OCI distribution specification. */
  readonly tags: readonly string[];
}

export interface DeployPlan {
  readonly environment: string;
  /** TCP port the app listens on in its container. */
  readonly port: number;
  /** Public host names, lower case. */
  readonly hosts: readonly string[];
  readonly env: PlanEnvironment;
  /** Named volumes, `name:/path`. */
  readonly volumes: readonly { readonly name: string; readonly path: string }[];
  /** Empty: the image's own command. */
  readonly command: readonly string[];
  readonly resources: { readonly memoryBytes: number | null; readonly cpus: number | null };
  readonly health: HealthPlan;
  /** Run by `sh -e` in the image that ships, on the app network; null: no smoke test. */
  readonly smoke: { readonly commands: readonly string[]; readonly timeoutMs: number } | null;
  readonly drain: { readonly requestsMs: number; readonly connectionsMs: number };
  /** How long the old slot stays a hot standby. */
  readonly standbyMs: number;
  readonly prepare: 'after-tests' | 'pull';
}

export interface HealthPlan {
  readonly path: string;
  /** Passes in a row. */
  readonly passes: number;
  readonly timeoutMs: number;
}
