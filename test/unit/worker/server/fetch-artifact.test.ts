import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchArtifact } from '../../../../worker/server/fetch-artifact.ts';

const BYTES = Buffer.from('an archive of some length');
const ARTIFACT = {
  bytes: BYTES.length,
  digest: `sha256:${createHash('sha256').update(BYTES).digest('hex')}`,
};

let folder: string;
let file: string;
let asked = 0;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-fetch-'));
  file = path.join(folder, 'taken');
  asked = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Answers one after the other; the last again and again. */
const answers =
  (...all: readonly (() => AsyncGenerator<Buffer>)[]) =>
  async () => {
    asked += 1;
    return (all[asked - 1] ?? all.at(-1))!();
  };

async function* whole(bytes = BYTES): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, 7);
  yield bytes.subarray(7);
}
async function* cut(): AsyncGenerator<Buffer> {
  yield BYTES.subarray(0, 7);
  throw new Error('terminated');
}
const short = () => whole(BYTES.subarray(0, -1));
const long = () => whole(Buffer.concat([BYTES, BYTES]));
const other = () => whole(Buffer.from(BYTES).fill('x'));

const fetched = (open: Parameters<typeof fetchArtifact>[0], signal = new AbortController().signal) =>
  fetchArtifact(open, ARTIFACT, file, signal);

it('brings all of it, however often it breaks off before', async () => {
  await fetched(answers(cut, short, long, other, whole));
  expect(readFileSync(file)).toEqual(BYTES);
  expect(asked).toBe(5);
});

it.each([
  ['terminated', cut],
  [`${BYTES.length - 1} of ${BYTES.length} bytes have come`, short],
  ['it is longer than was told', long],
  ['its digest is sha256:', other],
])('gives up what is always broken: %s', async (said, content) => {
  await expect(fetched(answers(content))).rejects.toThrow(`it came broken 5 times: ${said}`);
});

it('does not ask again for what is refused, and ends with its signal', async () => {
  const refused = async () => {
    asked += 1;
    throw new Error('artifact_gone');
  };
  await expect(fetched(refused)).rejects.toThrow('artifact_gone');
  expect(asked).toBe(1);
  async function* slow(): AsyncGenerator<Buffer> {
    for (;;) {
      await sleep(20);
      yield Buffer.alloc(0);
    }
  }
  await expect(fetched(answers(slow), AbortSignal.timeout(50))).rejects.toThrow('timeout');
});
