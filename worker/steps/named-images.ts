import { isFixedName, withDigest, type NamedImage } from '../../src/core/named-image.ts';
import { Problem } from '../../src/core/problem.ts';
import { unlessAborted } from '../../src/core/unless-aborted.ts';
import type { LeaseSecrets } from '../../src/core/work.ts';
import { parseImageReference } from '../../src/registry/image-reference.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import { outcomeOfProblem } from '../outcome.ts';
import { prepareImage, type PreparedImage } from './prepare-image.ts';

/**
 * Tells what an image's name stands for in the build: what it was told before, else `found`, which is what it stands for
 * from then on; null where neither is. Rejects as soon as `signal` aborts.
 */
export type NameImage = (
  name: string,
  found: NamedImage | null,
  signal: AbortSignal,
) => Promise<NamedImage | null>;

export interface NamedImagesOptions {
  readonly engine: Pick<Engine, 'inspectImage' | 'pullImage'>;
  readonly registries: LeaseSecrets['registries'];
  readonly nameImage: NameImage;
  /** Names for which the registry is asked, unless the build has decided already; absent: none. */
  readonly fresh?: ReadonlySet<string>;
  /** Of the workflow: what is asked for one of its steps is for all of them. */
  readonly signal: AbortSignal;
}

/** The images of a workflow's steps and services: of each name one and the same, whatever becomes of the name meanwhile. */
export class NamedImages {
  readonly #options: NamedImagesOptions;
  /** By name; what is not decided, or could not be asked for, is asked again. */
  readonly #asked: Answers = new Map();
  /** Those to what was found. A question may have been asked before that: its answer is none to it. */
  readonly #offered: Answers = new Map();

  constructor(options: NamedImagesOptions) {
    this.#options = options;
  }

  /** Asks ahead for the names, with the images that the engine has of them, so that no step waits for an answer. */
  askAhead(names: Iterable<string>): void {
    for (const name of names) if (!isFixedName(name)) this.#ask(name).catch(() => undefined);
  }

  /**
   * What the engine knows of the image that a name stands for, pulled when it does not have that.
   * @throws EngineLost when the engine is away; the signal's reason.
   */
  async prepare(name: string, signal: AbortSignal): Promise<PreparedImage> {
    if (isFixedName(name)) return this.#get(name, signal);
    const known = await unlessAborted(this.#ask(name), signal);
    if (known !== null) return this.#getDecided(name, known, signal);
    const there = await this.#get(name, signal, this.#isFresh(name));
    if ('end' in there) return there;
    const found = whatIs(name, there.facts);
    const decided = (await unlessAborted(this.#offer(name, found), signal)) ?? found;
    if (decided.from === found.from && decided.digest === found.digest) return there;
    const other = await this.#getDecided(name, decided, signal);
    return { ...other, pulled: [...there.pulled, ...other.pulled] };
  }

  #isFresh(name: string): boolean {
    return this.#options.fresh?.has(name) === true;
  }

  #get(reference: string, signal: AbortSignal, always = false): Promise<PreparedImage> {
    const { engine, registries } = this.#options;
    return prepareImage(engine, reference, registries, signal, { always });
  }

  async #getDecided(name: string, { from, digest }: NamedImage, signal: AbortSignal): Promise<PreparedImage> {
    if (from === 'registry') {
      const there = await this.#get(withDigest(name, digest), signal);
      return 'end' in there ? gone(name, digest, there.end.reason, there.pulled) : there;
    }
    const facts = await this.#options.engine.inspectImage(digest);
    return facts === null
      ? gone(name, digest, 'it is not in this engine, and no registry is known to have it', [])
      : { facts, pulled: [] };
  }

  #ask(name: string): Promise<NamedImage | null> {
    const offered = this.#offered.get(name);
    if (offered !== undefined) return offered;
    return once(this.#asked, name, async () => {
      const facts = this.#isFresh(name) ? null : await this.#options.engine.inspectImage(name);
      return this.#options.nameImage(name, facts === null ? null : whatIs(name, facts), this.#options.signal);
    });
  }

  #offer(name: string, found: NamedImage): Promise<NamedImage | null> {
    return once(this.#offered, name, () => this.#options.nameImage(name, found, this.#options.signal));
  }
}

type Answers = Map<string, Promise<NamedImage | null>>;

/** The answer that is there or on its way, else that to `ask`; none, and a failure, is forgotten. */
function once(
  answers: Answers,
  name: string,
  ask: () => Promise<NamedImage | null>,
): Promise<NamedImage | null> {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const answer = ask();
  answers.set(name, answer);
  const forget = (): void => void answers.delete(name);
  answer.then((image) => image === null && forget(), forget);
  return answer;
}

/** What the engine has by a name. An image of no registry, or of another repository alone, is the engine's own. Pure. */
export function whatIs(
  name: string,
  { id, repoDigests }: Pick<ImageFacts, 'id' | 'repoDigests'>,
): NamedImage {
  const wanted = parseImageReference(name);
  for (const reference of repoDigests) {
    const one = parseImageReference(reference);
    if (one?.digest != null && one.host === wanted?.host && one.repository === wanted.repository)
      return { from: 'registry', digest: one.digest };
  }
  return { from: 'engine', digest: id };
}

function gone(name: string, digest: string, cause: string, pulled: readonly string[]): PreparedImage {
  const problem = new Problem('image_gone', { name, digest, cause });
  return { end: outcomeOfProblem(problem, { status: 'failure' }), pulled: [...pulled, problem.fix] };
}
