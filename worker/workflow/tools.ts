import type { CacheStore } from '../caches/cache-store.ts';
import type { Engine } from '../engine/engine.ts';
import type { BuildClient } from '../image/build-client.ts';
import type { LogSink } from '../log-sink.ts';
import type { StepSettings } from '../steps/settings.ts';
import type { OnStepFailed } from '../steps/workflow-context.ts';
import type { BringFiles } from './bring-files.ts';

/** Gives the Id of an image that is there in place of one that is built; null: there is none, and it is built. */
export type TakeImage = (log: LogSink, signal: AbortSignal) => Promise<string | null>;

/** What a worker has to run workflows with; the same for all of them. */
export interface WorkflowTools {
  readonly engine: Engine;
  readonly buildClient: BuildClient;
  readonly bringFiles: BringFiles;
  /** Where checkouts go, a folder each. */
  readonly checkouts: string;
  readonly workerName: string;
  readonly caBundle: string | null;
  /** A push in which nothing moves for this long is given up. */
  readonly registryIdleMs: number;
  readonly steps: StepSettings;
  /** Absent: no caches are kept. */
  readonly caches?: CacheStore;
  /** Told of what went wrong after the verdict; the reaper tries again. */
  readonly onLeftover: (error: unknown) => void;
  /** Absent: every image is built. */
  readonly takeImage?: TakeImage;
  /** Absent: nobody looks into what has failed. */
  readonly onStepFailed?: OnStepFailed;
  /** Images of what did not end green stay for a while, for what failed to run again; absent: they go. */
  readonly keepsImages?: { readonly isDiskLow: () => Promise<boolean> };
}
