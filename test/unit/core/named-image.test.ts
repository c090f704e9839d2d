import { describe, expect, it } from 'vitest';
import { decideImage, isFixedName, withDigest, type KnownImage } from '../../../src/core/named-image.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const known = (
  from: KnownImage['from'],
  digest: string,
  workflowId: string,
  workerId: string | null,
): KnownImage => ({ from, digest, workflowId, workerId });
const asks = { workflowId: 'wfl_1', workerId: 'wrk_1' };

describe('what an image is named by', () => {
  it('is fixed by a digest alone', () => {
    expect(isFixedName(`node@${A}`)).toBe(true);
    expect(isFixedName(`node:22@${A}`)).toBe(true);
    expect(isFixedName('node:22')).toBe(false);
    expect(isFixedName('node')).toBe(false);
  });

  it('keeps its registry and repository where a digest takes the place of its tag', () => {
    expect(withDigest('node:22', A)).toBe(`node@${A}`);
    expect(withDigest('node', A)).toBe(`node@${A}`);
    expect(withDigest('localhost:5000/shop/web', A)).toBe(`localhost:5000/shop/web@${A}`);
    expect(withDigest('localhost:5000/shop/web:1.4', A)).toBe(`localhost:5000/shop/web@${A}`);
  });
});

describe('what a name stands for in a build', () => {
  it('is whatever is found first', () => {
    expect(decideImage([], asks)).toBeNull();
  });

  it('is the digest of a registry that another of its workflows runs, on any worker', () => {
    const other = known('registry', A, 'wfl_2', 'wrk_2');
    expect(decideImage([known('engine', B, 'wfl_3', 'wrk_1'), other], asks)).toEqual({
      from: 'registry',
      digest: A,
    });
  });

  it('is the image of an engine for the workflows on its worker alone', () => {
    expect(decideImage([known('engine', B, 'wfl_2', 'wrk_1')], asks)).toEqual({ from: 'engine', digest: B });
    expect(decideImage([known('engine', B, 'wfl_2', 'wrk_2')], asks)).toBeNull();
    // An attempt of its own before, on a worker that was lost: nothing of it counts.
    expect(decideImage([known('engine', B, 'wfl_1', 'wrk_2')], asks)).toBeNull();
  });

  it('is what the workflow ran before that it runs again, wherever that is', () => {
    const before = known('engine', B, 'wfl_1', null);
    expect(decideImage([known('registry', A, 'wfl_2', 'wrk_2'), before], asks)).toEqual({
      from: 'engine',
      digest: B,
    });
  });
});
