import type { BuiltImage } from '../../src/core/image.ts';
import type { LeaseSecrets, WorkflowWork } from '../../src/core/work.ts';
import { buildImage } from '../image/build-image.ts';
import { buildRepository } from '../image/remove-build-images.ts';
import type { LogSink } from '../log-sink.ts';
import type { Outcome } from '../outcome.ts';
import type { Lease } from '../server/lease.ts';
import { SUCCESS } from './outcomes.ts';
import type { Stages } from './stages.ts';
import type { WorkflowTools } from './tools.ts';

/** How the image stage ended; without an image when the plan has none, or it could not be built. */
export interface ImageEnd {
  readonly outcome: Outcome;
  readonly image: BuiltImage | null;
}

/** The stage that builds what is tested and shipped. */
export class ImageStage {
  readonly #stages: Stages;
  readonly #lease: Lease<WorkflowWork>;
  readonly #tools: WorkflowTools;
  readonly #secrets: LeaseSecrets;

  constructor(stages: Stages, lease: Lease<WorkflowWork>, tools: WorkflowTools, secrets: LeaseSecrets) {
    this.#stages = stages;
    this.#lease = lease;
    this.#tools = tools;
    this.#secrets = secrets;
  }

  async build(directory: string, signal: AbortSignal): Promise<ImageEnd> {
    const imagePlan = this.#lease.work.plan.image;
    if (imagePlan === null) return { outcome: SUCCESS, image: null };
    let image: BuiltImage | null = null;
    const outcome = await this.#stages.run('image', async (log) => {
      image = await this.#take(log, signal);
      if (image !== null) return SUCCESS;
      const result = await buildImage({
        client: this.#tools.buildClient,
        engine: this.#tools.engine,
        directory,
        plan: imagePlan,
        secrets: this.#secrets.values,
        args: {},
        tag: `${buildRepository(this.#lease.id)}:image`,
        registries: this.#secrets.registries,
        caBundle: this.#tools.caBundle,
        log,
        signal,
      });
      image = result.image;
      return result.outcome;
    });
    if (image !== null) await this.#lease.report({ type: 'image.built', image });
    return { outcome, image };
  }

  /** The image that is there already; null: it has to be built. */
  async #take(log: LogSink, signal: AbortSignal): Promise<BuiltImage | null> {
    const imageId = (await this.#tools.takeImage?.(log, signal)) ?? null;
    const facts = imageId === null ? null : await this.#tools.engine.inspectImage(imageId);
    if (facts === null) return null;
    const { id, sizeBytes, layerIds } = facts;
    const built = { cachedSteps: 0, totalSteps: 0 };
    return { imageId: id, testImageId: id, sizeBytes, layers: layerIds.length, ...built };
  }

  skip(reason: string): ImageEnd {
    this.#stages.skip('image', reason);
    return { outcome: { status: 'skipped', reason, exitCode: null }, image: null };
  }
}
