import { describe, expect, it } from 'vitest';
import type { ImageFacts } from '../../../../worker/engine/inspect-image.ts';
import { prepareImage } from '../../../../worker/steps/prepare-image.ts';

const FACTS = { id: 'sha256:1' } as ImageFacts;
const { signal } = new AbortController();

/** An engine that has the image after so many pulls. */
function engineThat({ hasAfter }: { hasAfter: number }) {
  const pulls: string[] = [];
  return {
    pulls,
    inspectImage: async () => (pulls.length >= hasAfter ? FACTS : null),
    pullImage: async (reference: string, _login: unknown, onLine: (line: string) => void) => {
      pulls.push(reference);
      onLine(`pull ${pulls.length}`);
    },
  };
}

describe('an image', () => {
  it('is pulled when the engine has none, or in any case', async () => {
    const has = engineThat({ hasAfter: 0 });
    expect(await prepareImage(has, 'a:1', {}, signal)).toEqual({ facts: FACTS, pulled: [] });
    expect(await prepareImage(has, 'a', {}, signal, { always: true })).toEqual({
      facts: FACTS,
      pulled: ['pull 1'],
    });
    expect(has.pulls).toEqual(['a:latest']);
  });

  it('is pulled again when the engine removed it at the moment of its pull', async () => {
    const engine = engineThat({ hasAfter: 2 });
    expect(await prepareImage(engine, 'a:1', {}, signal)).toEqual({
      facts: FACTS,
      pulled: ['pull 1', 'pull 2'],
    });
  });

  it('is not there after three pulls that all left none', async () => {
    const engine = engineThat({ hasAfter: 4 });
    expect(await prepareImage(engine, 'a:1', {}, signal)).toMatchObject({
      end: { reason: 'the image a:1 is not there after its pull', code: 'image_vanished' },
    });
    expect(engine.pulls).toHaveLength(3);
  });
});
