import type Dockerode from 'dockerode';
import { callEngine, refusalStatus } from './engine-lost.ts';
import { inspectImage, type ImageFacts } from './inspect-image.ts';

/** `in use`: a container, ended or not, needs the image under this name. */
export type ImageRemoval = 'removed' | 'gone' | 'in use';

/**
 * Takes names of images away, and knows which images may therefore be about to go. An engine that removes an image's
 * last name looks once whether it has another, and removes the image a moment later: when a build makes the same image
 * in between, the engine says that it is made, and then it is gone, with its new name (seen with Engine 20.10). So what
 * {@link inspect} says of an image that has a name of the asker's own holds for as long as it has that name.
 */
export class ImageRemovals {
  readonly #docker: Dockerode;
  /** By the image's Id. */
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  /** The image goes with its last name, unless a container uses it. */
  async remove(name: string): Promise<ImageRemoval> {
    const facts = await inspectImage(this.#docker, name);
    if (facts === null) return 'gone';
    const removal = this.#remove(name);
    const others = this.#underWay.get(facts.id) ?? new Set();
    this.#underWay.set(facts.id, others.add(removal));
    try {
      return await removal;
    } finally {
      others.delete(removal);
      if (others.size === 0) this.#underWay.delete(facts.id);
    }
  }

  /** What an image says of itself, once removals of its names that are under way have ended; null: there is none. */
  async inspect(reference: string): Promise<ImageFacts | null> {
    // One that begins later sees the asker's name.
    const before = new Map([...this.#underWay].map(([id, removals]) => [id, [...removals]]));
    const facts = await inspectImage(this.#docker, reference);
    const removals = facts === null ? undefined : before.get(facts.id);
    if (removals === undefined) return facts;
    await Promise.allSettled(removals);
    return inspectImage(this.#docker, reference);
  }

  async #remove(name: string): Promise<ImageRemoval> {
    try {
      await callEngine(() => this.#docker.getImage(name).remove());
      return 'removed';
    } catch (error) {
      const status = refusalStatus(error);
      if (status === 404) return 'gone';
      if (status === 409) return 'in use';
      throw error;
    }
  }
}
