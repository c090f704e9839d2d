import type { BuiltImage } from '../../src/core/image.ts';
import type { LeaseSecrets, WorkflowWork } from '../../src/core/work.ts';
import { buildImage } from '../image/build-image.ts';
import { tagImage } from '../image/kept-images.ts';
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
  #recorded: Promise<void> = Promise.resolve();

  constructor(stages: Stages, lease: Lease<WorkflowWork>, tools: WorkflowTools, secrets: LeaseSecrets) {
    this.#stages = stages;
    this.#lease = lease;
    this.#tools = tools;
    this.#secrets = secrets;
  }

  /**
   * Settles when the server has that the image is built, if it is: what begins outside of the engine waits for it, the
   * containers of steps do not. To be read after the stage's end.
   */
  get recorded(): Promise<void> {
    return this.#recorded;
  }

  async build(directory: string, signal: AbortSignal): Promise<ImageEnd> {
    const { plan, repeat } = this.#lease.work;
    const imagePlan = plan.image;
    if (imagePlan === null || repeat?.image === 'none') return { outcome: SUCCESS, image: null };
    if (typeof repeat?.image === 'object') return this.#takeKept(repeat.image, repeat.of);
    let image: BuiltImage | null = null;
    const outcome = await this.#stages.run('image', async (log) => {
      image = await this.#take(log, signal);
      if (image !== null) {
        this.#tell(image);
        return SUCCESS;
      }
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
      if (image !== null) this.#tell(image);
      return result.outcome;
    });
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

  /** Nothing is built: it is the image of before, by its Id, or none. */
  async #takeKept(image: BuiltImage, buildNumber: number): Promise<ImageEnd> {
    const { engine } = this.#tools;
    const repository = buildRepository(this.#lease.id);
    const outcome = await this.#stages.run('image', async (log): Promise<Outcome> => {
      for (const [tag, id] of [
        ['image', image.imageId],
        ['image-test', image.testImageId],
      ] as const) {
        if ((await engine.inspectImage(id)) === null)
          return {
            status: 'error',
            reason: `the image ${id} of build #${buildNumber} is not on this worker's engine any more: re-run all of it, which builds it again`,
            code: 'image_not_kept',
            exitCode: null,
          };
        await tagImage(engine, id, repository, tag);
      }
      await log.say(
        `The image of build #${buildNumber} is taken as it is, nothing is built: ${image.imageId}`,
      );
      return SUCCESS;
    });
    if (outcome.status !== 'success') return { outcome, image: null };
    this.#tell(image);
    return { outcome, image };
  }

  /** Before the stage's end, which waits for the whole log to be durable: what is prepared of the image begins by it. */
  #tell(image: BuiltImage): void {
    this.#recorded = this.#lease.report({ type: 'image.built', image });
    this.#recorded.catch(() => undefined);
  }

  skip(reason: string): ImageEnd {
    this.#stages.skip('image', reason);
    return { outcome: { status: 'skipped', reason, exitCode: null }, image: null };
  }
}
