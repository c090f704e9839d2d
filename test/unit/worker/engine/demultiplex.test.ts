import fc from 'fast-check';
import { expect, it } from 'vitest';
import { demultiplex } from '../../../../worker/engine/demultiplex.ts';
import type { Frame } from '../../../../worker/engine/demultiplex.ts';
import { EngineLost } from '../../../../worker/engine/engine-lost.ts';

function frame(stream: 1 | 2, text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

async function* source(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function read(chunks: readonly Uint8Array[]): Promise<Record<Frame['stream'], string>> {
  const seen = { stdout: '', stderr: '' };
  for await (const { stream, bytes } of demultiplex(source(chunks)))
    seen[stream] += Buffer.from(bytes).toString('latin1');
  return seen;
}

it('gives each stream its bytes, however the connection cuts them', async () => {
  const piece = fc.record({
    stream: fc.constantFrom<1 | 2>(1, 2),
    text: fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.array(fc.nat(400)), async (pieces, cuts) => {
      const whole = Buffer.concat(pieces.map(({ stream, text }) => frame(stream, text)));
      const at = [0, ...cuts.filter((cut) => cut < whole.length), whole.length].sort((a, b) => a - b);
      const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
      const of = (stream: 1 | 2) =>
        pieces
          .filter((p) => p.stream === stream)
          .map((p) => p.text)
          .join('');
      expect(await read(chunks)).toEqual({ stdout: of(1), stderr: of(2) });
    }),
  );
});

it('passes a long frame on before it is whole', async () => {
  const start = frame(1, 'x'.repeat(1_000)).subarray(0, 500);
  const frames = demultiplex(source([start]));
  expect((await frames.next()).value).toMatchObject({ stream: 'stdout', bytes: { length: 492 } });
});

it('reads nothing ahead of what it was asked for', async () => {
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (;;) {
      given += 1;
      yield frame(1, 'x');
    }
  }
  const frames = demultiplex(counted());
  for (let i = 0; i < 3; i += 1) await frames.next();
  expect(given).toBe(3);
});

it.each([
  ['inside a header', 5],
  ['inside a frame', 10],
])('calls an end %s a lost engine', async (_, length) => {
  await expect(read([frame(1, 'hello').subarray(0, length)])).rejects.toThrow(EngineLost);
});

it('calls a broken connection a lost engine', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield frame(1, 'x');
    throw new Error('ECONNRESET');
  }
  const frames = demultiplex(broken());
  await frames.next();
  await expect(frames.next()).rejects.toThrow(EngineLost);
});
