import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIMITS, SIZES, TIMES } from '../../../config/times.ts';

const page = readFileSync(new URL('../../../docs/access.md', import.meta.url), 'utf8');
const bounds = new Map(
  [...page.matchAll(/^\| ([^|]+?) \| ([^|]+?) \|$/gm)].map(([, what = '', bound = '']) => [what, bound]),
);
const mib = (bytes: number) => `${bytes / 1024 ** 2} MiB`;
const seconds = (ms: number) => `${ms / 1_000} s`;

test('docs/access.md tells the bounds as config/times.ts has them', () => {
  expect(Object.fromEntries(bounds)).toMatchObject({
    'body of a webhook': `${mib(SIZES.webhookBody)}, within ${seconds(TIMES.receive)}`,
    'bodies of webhooks being received, all together': `${mib(SIZES.receiving)}; one may take as much as is left beside it`,
    'body of the API, of signing in, of the worker protocol': `${mib(SIZES.apiBody)}, ${SIZES.publicBody / 1024} KiB, ${mib(SIZES.workerBody)}`,
    'head of a request, and all of it': `${seconds(TIMES.requestHead)}, ${seconds(TIMES.request)}`,
    'a connection on which nothing moves': seconds(TIMES.idleConnection),
    'event streams of one token or session, and of all': `${LIMITS.streamsEach}, ${LIMITS.streams}`,
    'a reader of an event stream that takes nothing': seconds(TIMES.sseStall),
  });
});
