import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { connectEngine } from '../../../../worker/engine/connect-engine.ts';
import { boundBuildCache, engineBuildCache } from '../../../../worker/image/bound-build-cache.ts';

const GIB = 1024 ** 3;

/** A cache whose records of one GiB go, but for those in use. */
function fakeCache(usedGib: number, inUseGib = 0) {
  const asked: number[] = [];
  let used = usedGib * GIB;
  return {
    asked,
    cache: {
      usedBytes: async () => used,
      pruneTo: async (keepBytes: number) => {
        asked.push(keepBytes / GIB);
        const left = Math.max(inUseGib * GIB, Math.min(used, keepBytes));
        const freed = used - left;
        used = left;
        return freed;
      },
    },
  };
}
const idle = { isIdle: () => true, pauseMs: 0 };

it('comes down to the bound in steps', async () => {
  const { cache, asked } = fakeCache(25);
  expect(await boundBuildCache({ cache, keepBytes: 20 * GIB, ...idle })).toBe(5 * GIB);
  expect(asked).toEqual([23, 21, 20]);
});

it('asks for nothing below the bound', async () => {
  const { cache, asked } = fakeCache(20);
  expect(await boundBuildCache({ cache, keepBytes: 20 * GIB, ...idle })).toBe(0);
  expect(asked).toEqual([]);
});

it('ends where the rest is in use', async () => {
  const { cache, asked } = fakeCache(25, 24);
  expect(await boundBuildCache({ cache, keepBytes: 20 * GIB, ...idle })).toBe(GIB);
  expect(asked).toEqual([23, 22]);
});

it('takes no step while a build runs, and none after one has begun', async () => {
  const { cache, asked } = fakeCache(25);
  expect(await boundBuildCache({ cache, keepBytes: 0, isIdle: () => false, pauseMs: 0 })).toBe(0);
  expect(asked).toEqual([]);
  await boundBuildCache({ cache, keepBytes: 0, isIdle: () => asked.length < 2, pauseMs: 0 });
  expect(asked).toEqual([23, 21]);
});

it('asks the engine as its API says, old and new', async () => {
  const requests: string[] = [];
  const server = await answering((method, url) => {
    requests.push(`${method} ${url}`);
    if (!url.startsWith('/system/df')) return { CachesDeleted: ['a'], SpaceReclaimed: 7 };
    return { BuildCache: [{ Size: 5 }, { Size: 3, Shared: true }, { Size: 2, Shared: false }] };
  });
  const engine = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
  try {
    const cache = engineBuildCache(engine.docker);
    expect(await cache.usedBytes()).toBe(7);
    expect(await cache.pruneTo(4)).toBe(7);
    expect(requests).toEqual([
      'GET /system/df?type=build-cache',
      'POST /build/prune?keep-storage=4&reserved-space=4',
    ]);
  } finally {
    engine.close();
    server.closeAllConnections();
    server.close();
  }
});

async function answering(answer: (method: string, url: string) => unknown): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(request.method ?? '', request.url ?? '')));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}
