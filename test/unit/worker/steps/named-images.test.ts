import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { NamedImage } from '../../../../src/core/named-image.ts';
import type { ImageFacts } from '../../../../worker/engine/inspect-image.ts';
import { NamedImages, whatIs, type NameImage } from '../../../../worker/steps/named-images.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const facts = (letter: string, ...repoDigests: string[]): ImageFacts =>
  ({ id: digest(letter), repoDigests }) as unknown as ImageFacts;

/** Images of the engine and of the registry, by every name that they have there. */
let engine: Map<string, ImageFacts>;
let registry: Map<string, ImageFacts>;
let pulls: string[];
/** What each pull waits for. */
let pulling: Promise<void>;
let asked: [string, NamedImage | null][];
let signal: AbortSignal;
beforeEach(() => {
  engine = new Map();
  registry = new Map();
  pulls = [];
  pulling = Promise.resolve();
  asked = [];
  signal = new AbortController().signal;
});

function open(nameImage: NameImage, ...fresh: readonly string[]): NamedImages {
  return new NamedImages({
    fresh: new Set(fresh),
    engine: {
      inspectImage: async (name) => engine.get(name) ?? null,
      pullImage: async (name) => {
        pulls.push(name);
        await pulling;
        const found = registry.get(name);
        if (found === undefined) throw new Error('manifest unknown');
        engine.set(name, found);
      },
    },
    registries: {},
    nameImage: async (name, found, until) => {
      asked.push([name, found]);
      return nameImage(name, found, until);
    },
    signal,
  });
}

const asFound: NameImage = async (_name, found) => found;
const idOf = async (images: NamedImages, name: string) => {
  const prepared = await images.prepare(name, signal);
  return 'facts' in prepared ? prepared.facts.id : prepared.end.reason;
};

describe('an image that a name stands for', () => {
  it('is the one that the engine has, which is offered once for all steps', async () => {
    engine.set('a.test/x:1', facts('1', `a.test/x@${digest('d')}`));
    engine.set(`a.test/x@${digest('d')}`, facts('1', `a.test/x@${digest('d')}`));
    const images = open(asFound);
    images.askAhead(['a.test/x:1']);
    expect(await Promise.all([idOf(images, 'a.test/x:1'), idOf(images, 'a.test/x:1')])).toEqual([
      digest('1'),
      digest('1'),
    ]);
    expect(asked).toEqual([['a.test/x:1', { from: 'registry', digest: digest('d') }]]);
    expect(pulls).toEqual([]);
  });

  it('is the one of the registry where that is to be asked, once for all steps', async () => {
    engine.set('a.test/x:1', facts('1', `a.test/x@${digest('d')}`));
    registry.set('a.test/x:1', facts('2', `a.test/x@${digest('e')}`));
    const images = open(asFound, 'a.test/x:1');
    images.askAhead(['a.test/x:1']);
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('2'));
    engine.set(`a.test/x@${digest('e')}`, facts('2', `a.test/x@${digest('e')}`));
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('2'));
    expect(pulls).toEqual(['a.test/x:1']);
    expect(asked.at(-1)).toEqual(['a.test/x:1', { from: 'registry', digest: digest('e') }]);
    expect(asked.slice(0, -1).every(([, found]) => found === null)).toBe(true);
  });

  it('is the one that the build has decided on, whatever is to be asked', async () => {
    engine.set(`a.test/x@${digest('d')}`, facts('1', `a.test/x@${digest('d')}`));
    const images = open(async () => ({ from: 'registry', digest: digest('d') }), 'a.test/x:1');
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('1'));
    expect(pulls).toEqual([]);
  });

  it('is none where the registry is to be asked and does not have it', async () => {
    engine.set('a.test/x:1', facts('1'));
    expect(await idOf(open(asFound, 'a.test/x:1'), 'a.test/x:1')).toContain('cannot be had');
  });

  it('stays the same when the name moves on, in the registry and in the engine', async () => {
    engine.set('a.test/x:1', facts('1', `a.test/x@${digest('d')}`));
    engine.set(`a.test/x@${digest('d')}`, facts('1', `a.test/x@${digest('d')}`));
    const images = open(asFound);
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('1'));
    engine.set('a.test/x:1', facts('2', `a.test/x@${digest('e')}`));
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('1'));
  });

  it('is pulled by its name where nobody knows it yet, and offered then', async () => {
    registry.set('a.test/x:1', facts('1', `a.test/x@${digest('d')}`));
    expect(await idOf(open(asFound), 'a.test/x:1')).toBe(digest('1'));
    expect(pulls).toEqual(['a.test/x:1']);
    expect(asked).toEqual([
      ['a.test/x:1', null],
      ['a.test/x:1', { from: 'registry', digest: digest('d') }],
    ]);
  });

  it('is pulled by its digest where the build knows it, and never by its name', async () => {
    registry.set('a.test/x:1', facts('2', `a.test/x@${digest('e')}`));
    registry.set(`a.test/x@${digest('d')}`, facts('1', `a.test/x@${digest('d')}`));
    const images = open(async () => ({ from: 'registry', digest: digest('d') }));
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('1'));
    expect(pulls).toEqual([`a.test/x@${digest('d')}`]);
  });

  it('gives way where another worker was quicker with another one', async () => {
    registry.set('a.test/x:1', facts('2', `a.test/x@${digest('e')}`));
    registry.set(`a.test/x@${digest('d')}`, facts('1', `a.test/x@${digest('d')}`));
    const images = open(async (_name, found) =>
      found === null ? null : { from: 'registry', digest: digest('d') },
    );
    expect(await idOf(images, 'a.test/x:1')).toBe(digest('1'));
  });

  it('is offered, and the answer kept to, also while another step still asks about it', async () => {
    registry.set('a.test/x:1', facts('2', `a.test/x@${digest('e')}`));
    registry.set(`a.test/x@${digest('d')}`, facts('1', `a.test/x@${digest('d')}`));
    const late = Promise.withResolvers<void>();
    let questions = 0;
    const images = open(async (_name, found) => {
      if (found !== null) return { from: 'registry', digest: digest('d') };
      questions += 1;
      if (questions === 2) await late.promise;
      return null;
    });
    const pulled = Promise.withResolvers<void>();
    pulling = pulled.promise;
    const first = idOf(images, 'a.test/x:1');
    await vi.waitFor(() => expect(pulls).toEqual(['a.test/x:1']));
    const second = idOf(images, 'a.test/x:1');
    await vi.waitFor(() => expect(questions).toBe(2));
    pulled.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    late.resolve();
    expect(await Promise.all([first, second])).toEqual([digest('1'), digest('1')]);
    expect(asked.filter(([, found]) => found !== null)).toEqual([
      ['a.test/x:1', { from: 'registry', digest: digest('e') }],
    ]);
  });

  it('is told to be gone where it is not to be had any more, and nothing else is taken', async () => {
    engine.set('a.test/x:1', facts('2', `a.test/x@${digest('e')}`));
    const gone = open(async () => ({ from: 'registry', digest: digest('d') }));
    expect(await gone.prepare('a.test/x:1', signal)).toEqual({
      end: {
        status: 'failure',
        reason: `The image a.test/x:1 that this build runs, ${digest('d')}, cannot be had: the image a.test/x@${digest('d')} cannot be had: manifest unknown.`,
        code: 'image_gone',
        exitCode: null,
      },
      pulled: [expect.stringContaining('Re-run the whole build')],
    });
    expect((await gone.prepare('a.test/x:1', signal)).pulled.join()).toContain('re-run what failed');
    const elsewhere = open(async () => ({ from: 'engine', digest: digest('9') }));
    expect(await elsewhere.prepare('a.test/x:1', signal)).toMatchObject({
      end: { reason: expect.stringContaining('it is not in this engine') as string },
    });
  });

  it('is what it says where the name has a digest: nobody is asked', async () => {
    const name = `a.test/x:1@${digest('d')}`;
    registry.set(name, facts('1'));
    const images = open(asFound);
    images.askAhead([name]);
    expect(await idOf(images, name)).toBe(digest('1'));
    expect(asked).toEqual([]);
  });

  it('is asked for again where it could not be', async () => {
    engine.set('x', facts('1'));
    let answers = 0;
    const images = open(async (_name, found) => {
      answers += 1;
      if (answers === 1) throw new Error('no answer');
      return found;
    });
    engine.set(digest('1'), facts('1'));
    await expect(images.prepare('x', signal)).rejects.toThrow('no answer');
    expect(await idOf(images, 'x')).toBe(digest('1'));
  });

  it('is not waited for by a step that ends', async () => {
    const ending = new AbortController();
    const images = open(() => new Promise<never>(() => undefined));
    const waiting = images.prepare('x', ending.signal);
    ending.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });
});

describe('what the engine has by a name', () => {
  it('is the digest in the repository of the name, however short that is written', () => {
    const image = facts('1', `b.test/x@${digest('b')}`, `node@${digest('d')}`);
    expect(whatIs('node:22', image)).toEqual({ from: 'registry', digest: digest('d') });
    expect(whatIs('docker.io/library/node', image)).toEqual({ from: 'registry', digest: digest('d') });
    expect(whatIs('b.test/x:1', image)).toEqual({ from: 'registry', digest: digest('b') });
    expect(whatIs('a.test/x:1', image)).toEqual({ from: 'engine', digest: digest('1') });
    expect(whatIs('tools', facts('1'))).toEqual({ from: 'engine', digest: digest('1') });
  });
});
