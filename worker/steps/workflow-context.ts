import type { ArtifactOffer } from '../../src/core/artifact.ts';
import type { Division } from '../../src/core/split.ts';
import { isOfHost, type VolumePlan } from '../../src/core/plan.ts';
import type { TestReport } from '../../src/core/test-report.ts';
import type { LeaseSecrets, StepWork, WorkflowWork } from '../../src/core/work.ts';
import type { CacheStore } from '../caches/cache-store.ts';
import type { ContainerLimits, ContainerSpec, Mount } from '../engine/create-container.ts';
import type { Packed } from '../collect/pack-files.ts';
import type { Engine } from '../engine/engine.ts';
import { engineLabels } from '../engine/labels.ts';
import type { WorkflowLabels } from '../engine/labels.ts';
import type { Attempts } from './attempt.ts';
import { demandAllowed } from './host-volumes.ts';
import { HELPER_FOLDER } from './ensure-helper.ts';
import type { Helper } from './ensure-helper.ts';
import { WORKSPACE } from './fill-workspace.ts';
import { volumeOf } from './make-volumes.ts';
import type { NamedImages } from './named-images.ts';
import type { WorkflowPlace } from './set-up-workflow.ts';
import type { StepSettings } from './settings.ts';

/** What the steps and services of one workflow have in common. */
export interface WorkflowContext {
  readonly engine: Engine;
  readonly work: WorkflowWork;
  readonly labels: WorkflowLabels;
  readonly place: WorkflowPlace;
  readonly secrets: LeaseSecrets;
  readonly settings: StepSettings;
  readonly helper: Helper;
  readonly limits: ContainerLimits;
  readonly attempts: Attempts;
  readonly onStepFailed?: OnStepFailed | undefined;
  readonly keepTests?: KeepTests | undefined;
  readonly sendArtifact?: SendArtifact | undefined;
  readonly caches?: CacheStore | undefined;
  readonly divideFiles: DivideFiles;
  readonly images: Pick<NamedImages, 'prepare'>;
}

/**
 * Tells which of `of` shares of a step has which of its test files: the same to each who asks for the step. Rejects as soon
 * as `signal` aborts.
 */
export type DivideFiles = (
  step: string,
  of: number,
  files: readonly string[],
  signal: AbortSignal,
) => Promise<Division>;

/**
 * Sends an artifact to the server; resolves when it is durable there, with null where there is no server. `pack` writes it
 * to a file that is not there yet, and that is removed afterwards. Rejects as soon as `signal` aborts.
 */
export type SendArtifact = (
  about: Pick<ArtifactOffer, 'attemptId' | 'name' | 'keepMs'>,
  pack: (file: string) => Promise<Packed>,
  signal: AbortSignal,
) => Promise<Packed | null>;

/** Tells the server what a step's test reports said; false: it is older and keeps none. Rejects as soon as `signal` aborts. */
export type KeepTests = (attemptId: string, report: TestReport, signal: AbortSignal) => Promise<boolean>;

/** A step whose commands have failed, while its container still waits. */
export interface FailedStep {
  readonly name: string;
  readonly containerId: string;
  /** The words that a shell in it begins with. */
  readonly shell: readonly string[];
  /** What its commands had, secrets among it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/** The container goes when it resolves; it is to, as soon as `signal` aborts. */
export type OnStepFailed = (step: FailedStep, signal: AbortSignal) => Promise<void>;

/** The row of the record for a step or service of the plan; null when it has none. */
export function findRow(work: WorkflowWork, kind: 'step' | 'service', name: string): StepWork | null {
  return work.steps.find((row) => row.kind === kind && row.name === name) ?? null;
}

/** The part of a container that steps and services share: labels, mounts, network, limits. */
export function commonSpec(
  context: WorkflowContext,
  row: StepWork,
  imageId: string,
  volumes: readonly VolumePlan[] = [],
): Pick<ContainerSpec, 'name' | 'image' | 'labels' | 'mounts' | 'limits'> & { readonly network: string } {
  return {
    name: `slipway-${row.attemptId}`,
    image: imageId,
    labels: engineLabels(context.labels, row.name),
    mounts: [
      { volume: context.helper.volume, path: HELPER_FOLDER, readOnly: true },
      { volume: context.place.volume, path: WORKSPACE, readOnly: false },
      ...volumes.map((volume): Mount => mountOf(context, volume)),
    ],
    network: context.place.network,
    limits: context.limits,
  };
}

/** @throws Problem `volume_refused`, which a workflow that was looked at before never comes to. */
function mountOf({ work, place, settings }: WorkflowContext, volume: VolumePlan): Mount {
  if (!isOfHost(volume)) {
    const { name, ...mount } = volume;
    return { ...mount, volume: volumeOf(place.volume, name) };
  }
  demandAllowed('A container', volume, settings.hostVolumes, work.isTrusted === true);
  return volume;
}
