import { describe, expect, it } from 'vitest';
import type { ArtifactTake, MatrixValues } from '../../../src/core/plan.ts';
import { takeArtifacts, type Producer } from '../../../src/core/take-artifacts.ts';

const NOW = 1_000;

const take = (more: Partial<ArtifactTake> = {}): ArtifactTake => ({
  ...{ from: 'build', matrix: {}, names: null, path: '.', optional: false },
  ...more,
});

const kept = (id: string, more: Partial<Producer['artifacts'][number]> = {}) => ({
  ...{ id, step: 'make', name: 'site', bytes: 1, digest: 'sha256:x', expiresAtMs: null },
  ...more,
});

const producer = (artifacts: Producer['artifacts'], matrix: MatrixValues | null = null): Producer => ({
  ...{ name: 'build', matrix, artifacts },
});

const ids = (takes: readonly ArtifactTake[], producers: readonly Producer[]) =>
  takeArtifacts(takes, producers, NOW).artifacts.map(({ id, path }) => `${id} in ${path}`);

const missing = (takes: readonly ArtifactTake[], producers: readonly Producer[]) =>
  takeArtifacts(takes, producers, NOW).missing;

describe('what a workflow takes', () => {
  it('is all that the other has kept, or what is named of it, where the entry says', () => {
    const all = [producer([kept('a'), kept('b', { name: 'logs' })])];
    expect(ids([take()], all)).toEqual(['a in .', 'b in .']);
    expect(ids([take({ names: ['logs'], path: 'x' }), take({ names: ['site'] })], all)).toEqual([
      'b in x',
      'a in .',
    ]);
  });

  it('is of several attempts of a step the last, and of each step its own', () => {
    const all = [producer([kept('first'), kept('again'), kept('other', { step: 'more' })])];
    expect(ids([take()], all)).toEqual(['again in .', 'other in .']);
  });

  it('is of the combinations that have what is asked for', () => {
    const all = [
      producer([kept('a')], { NODE: '20', OS: 'x' }),
      producer([kept('b')], { NODE: '22', OS: 'x' }),
    ];
    expect(ids([take({ matrix: { NODE: '22' } })], all)).toEqual(['b in .']);
    expect(ids([take()], all)).toEqual(['a in .', 'b in .']);
    expect(missing([take({ matrix: { NODE: '18' } })], all)).toEqual([
      'no combination of the workflow build has NODE=18',
    ]);
  });
});

describe('what is not there', () => {
  it('is missing in each combination that has none of the name, and for who takes all where there is none', () => {
    const all = [producer([kept('a')], { NODE: '20' }), producer([], { NODE: '22' })];
    const why = 'the workflow build (NODE=22) has no artifact site: none was kept, or it has expired';
    expect(missing([take({ names: ['site'] })], all)).toEqual([why]);
    expect(missing([take()], all)).toEqual([why.replace('artifact site', 'artifacts')]);
  });

  it('may have expired, which is said', () => {
    const all = [producer([kept('a', { expiresAtMs: NOW })])];
    expect(ids([take()], all)).toEqual([]);
    expect(missing([take()], all)).toEqual(['the artifacts of the workflow build have expired']);
    expect(missing([take({ names: ['site'] })], all)).toEqual([
      'the artifact site of the workflow build has expired',
    ]);
  });

  it('is missing of a workflow that has not run, and never where it is optional', () => {
    expect(missing([take({ from: 'other' })], [])).toEqual([
      'the workflow other has not run in this build, so that there is no artifact of it',
    ]);
    const optional = [take({ from: 'other', optional: true }), take({ names: ['x'], optional: true })];
    expect(takeArtifacts(optional, [producer([])], NOW)).toEqual({ artifacts: [], missing: [] });
  });
});
