import { describe, expect, it } from 'vitest';
import { LIMITS, SIZES, TIMES } from '../../../../config/times.ts';
import { newId, timeOrder } from '../../../../src/core/id.ts';
import type { Engine } from '../../../../worker/engine/engine.ts';
import { dropKeptImages, keepImage } from '../../../../worker/image/kept-images.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const at = (nowMs: number) => ({ nowMs, isDiskLow: false });
const BUILD = newId('bld');
const onLeftover = (error: unknown) => expect.fail(String(error));
const hex = (n: number) => n.toString(16).padStart(64, '0');

/** The image of a tag: that which was tested, else that which was built. */
const imageOf = (tag: string) => tag.split(':')[1]?.split('.n', 1)[0]?.split('.').at(-1) ?? '';

/**
 * An engine whose images have these tags, each with the time when it got it, and so many bytes, shared ones among them. It
 * knows each image once, with all of its tags, and no time but that of the last of them.
 */
function engineWith(tags: Map<string, number>, isAway = false, sizes = { Size: 1, SharedSize: -1 }) {
  const lastOf = (name: string) =>
    Math.max(0, ...[...tags].flatMap(([tag, time]) => (imageOf(tag) === imageOf(name) ? [time] : [])));
  return {
    docker: {
      listImages: async () => [
        ...[...Map.groupBy(tags.keys(), imageOf)].map(([Id, RepoTags]) => ({ Id, RepoTags, ...sizes })),
        { Id: 'no tag', RepoTags: null, ...sizes },
      ],
      getImage: (name: string) => ({
        tag: async ({ repo, tag }: { repo: string; tag: string }) =>
          void tags.set(`${repo}:${tag}`, Date.now()),
        inspect: async () => {
          if (isAway) throw new Error('socket hang up');
          return { Metadata: { LastTagTime: new Date(lastOf(name)).toISOString() } };
        },
      }),
    },
    removeImage: async (name: string) => {
      tags.delete(name);
      return 'removed';
    },
  } as unknown as Pick<Engine, 'docker' | 'removeImage'>;
}

it('keeps what was built and what was tested, under names of their own', async () => {
  const tags = new Map<string, number>();
  const facts = { sizeBytes: 1, layers: 1, cachedSteps: 0, totalSteps: 1 };
  const image = { imageId: `sha256:${hex(1)}`, testImageId: `sha256:${hex(2)}`, ...facts };
  expect(await keepImage(engineWith(tags), image, BUILD, { isDiskLow: true, onLeftover })).toBe(false);
  expect(tags.size).toBe(0);
  expect(await keepImage(engineWith(tags), image, BUILD, { isDiskLow: false, onLeftover })).toBe(true);
  expect([...tags.keys()]).toEqual([
    `slipway-kept:${hex(1)}.n${timeOrder(BUILD)}`,
    `slipway-kept:${hex(1)}.${hex(2).slice(0, 32)}.n${timeOrder(BUILD)}`,
  ]);
  for (const tag of tags.keys()) expect(tag.split(':')[1]?.length).toBeLessThanOrEqual(128);
});

it('keeps an image also where another that is past its time cannot be dropped, and tells of that', async () => {
  const tags = new Map([[`slipway-kept:${hex(3)}`, 0]]);
  const error = new Error('the engine is busy');
  const engine = { ...engineWith(tags), removeImage: async () => Promise.reject(error) };
  const facts = { sizeBytes: 1, layers: 1, cachedSteps: 0, totalSteps: 1 };
  const image = { imageId: `sha256:${hex(1)}`, testImageId: `sha256:${hex(1)}`, ...facts };
  const told: unknown[] = [];
  expect(
    await keepImage(engine, image, BUILD, { isDiskLow: false, onLeftover: (one) => told.push(one) }),
  ).toBe(true);
  expect([...tags.keys()]).toContain(`slipway-kept:${hex(1)}.n${timeOrder(BUILD)}`);
  expect(told).toEqual([error]);
});

it('drops what is past its time, and the oldest of too many, and nothing of others', async () => {
  const tags = new Map([['slipway-build/lea_1:image', 0]]);
  for (let n = 0; n < LIMITS.keptImages + 2; n += 1) tags.set(`slipway-kept:${hex(n)}`, NOW - n * 1_000);
  expect(await dropKeptImages(engineWith(tags), at(NOW))).toBe(2);
  expect(tags.has(`slipway-kept:${hex(LIMITS.keptImages - 1)}`)).toBe(true);
  expect(tags.has(`slipway-kept:${hex(LIMITS.keptImages)}`)).toBe(false);
  expect(await dropKeptImages(engineWith(tags), at(NOW + TIMES.keptImage - 5_500))).toBe(
    LIMITS.keptImages - 6,
  );
  expect(await dropKeptImages(engineWith(tags), at(NOW + TIMES.keptImage + 1))).toBe(6);
  expect([...tags.keys()]).toEqual(['slipway-build/lea_1:image']);
});

it('counts what was tested with what was built', async () => {
  const tags = new Map<string, number>();
  for (let n = 0; n <= LIMITS.keptImages; n += 1) {
    tags.set(`slipway-kept:${hex(n)}`, NOW - n * 1_000);
    tags.set(`slipway-kept:${hex(n)}.${hex(n).slice(-32)}`, NOW - n * 1_000 + 1);
  }
  expect(await dropKeptImages(engineWith(tags), at(NOW))).toBe(2);
  expect([...tags.keys()].some((tag) => tag.includes(hex(LIMITS.keptImages)))).toBe(false);
});

it('drops all while the disk is low', async () => {
  const tags = new Map([
    ['other:1', NOW],
    [`slipway-kept:${hex(1)}`, NOW],
  ]);
  expect(await dropKeptImages(engineWith(tags), { nowMs: NOW, isDiskLow: true })).toBe(1);
  expect([...tags.keys()]).toEqual(['other:1']);
});

it('drops nothing that the engine fails to say the time of', async () => {
  const tags = new Map([[`slipway-kept:${hex(1)}`, NOW]]);
  expect(await dropKeptImages(engineWith(tags, true), at(NOW))).toBe(0);
  expect(await dropKeptImages(engineWith(tags), at(NOW))).toBe(0);
  expect(tags.size).toBe(1);
});

describe('builds are kept whole', () => {
  /** Of images of its own, which no other age has. */
  const tagsOf = (build: string, count: number, ageMs: number): readonly (readonly [string, number])[] =>
    Array.from({ length: count }, (_, n) => [`slipway-kept:${hex(ageMs + n)}.n${build}`, NOW - ageMs - n]);
  const builds = (tags: ReadonlyMap<string, number>) => [
    ...new Set([...tags.keys()].map((tag) => tag.split('.n')[1])),
  ];

  it('the newest also where it has more workflows than are kept of several', async () => {
    const tags = new Map([...tagsOf('new', 25, 0), ...tagsOf('old', 2, 60_000)]);
    expect(await dropKeptImages(engineWith(tags), at(NOW))).toBe(2);
    expect(builds(tags)).toEqual(['new']);
    expect(tags.size).toBe(25);
  });

  it('those before it as long as they are within the bounds together', async () => {
    const tags = new Map([...tagsOf('new', 8, 0), ...tagsOf('mid', 12, 60_000), ...tagsOf('old', 1, 90_000)]);
    expect(await dropKeptImages(engineWith(tags), at(NOW))).toBe(1);
    expect(builds(tags)).toEqual(['new', 'mid']);
  });

  it('by the bytes that no other image has, and by all where the engine does not say', async () => {
    const all = [...tagsOf('new', 3, 0), ...tagsOf('old', 1, 60_000)];
    const Size = SIZES.keptImages / 3;
    const shared = new Map(all);
    const engine = engineWith(shared, false, { Size, SharedSize: Size - 1_000 });
    expect(await dropKeptImages(engine, at(NOW))).toBe(0);
    const unknown = new Map(all);
    expect(await dropKeptImages(engineWith(unknown, false, { Size, SharedSize: -1 }), at(NOW))).toBe(1);
    expect(builds(unknown)).toEqual(['new']);
  });

  it('by the bytes of each image once, however many builds have it', async () => {
    const runs = ['c', 'b', 'a'].map((build) => [`slipway-kept:${hex(7)}.n${build}`, NOW] as const);
    const tags = new Map([...runs, ...tagsOf('old', 1, 60_000)]);
    const sizes = { Size: SIZES.keptImages / 2, SharedSize: 0 };
    expect(await dropKeptImages(engineWith(tags, false, sizes), at(NOW))).toBe(0);
    expect(builds(tags)).toEqual(['c', 'b', 'a', 'old']);
  });

  it('those of one image by when their builds were made', async () => {
    const made = Array.from({ length: LIMITS.keptImages + 2 }, (_, n) => timeOrder(newId('bld', NOW + n)));
    const tags = new Map(made.map((build, n) => [`slipway-kept:${hex(7)}.n${build}`, NOW + n]));
    expect(await dropKeptImages(engineWith(tags), at(NOW))).toBe(2);
    expect(builds(tags)).toEqual(made.slice(2));
  });
});
