import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { LogChunk } from '../../../src/core/log.ts';
import { Problem } from '../../../src/core/problem.ts';
import {
  FRAME_LIMITS,
  decodeFrames,
  encodeFrame,
  encodeFrames,
  readFrames,
} from '../../../src/protocol/frames.ts';

const chunk: fc.Arbitrary<LogChunk> = fc
  .record({
    offset: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    segments: fc.array(
      fc.record({
        bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
        timeMs: fc.nat({ max: 2 ** 48 }),
        stream: fc.constantFrom('stdout', 'stderr', 'system'),
      }),
      { maxLength: 6 },
    ),
    end: fc.boolean(),
    kind: fc.constantFrom('att', 'dep'),
  })
  .map(({ offset, segments, end, kind }) => ({
    logId: newId(kind),
    offset,
    segments: segments.map(({ bytes, timeMs, stream }) => ({ length: bytes.length, timeMs, stream })),
    bytes: Buffer.concat(segments.map(({ bytes }) => bytes)),
    end,
  }));

const one: LogChunk = {
  logId: `att_${'0'.repeat(26)}`,
  offset: 7,
  segments: [{ length: 3, timeMs: 5, stream: 'stdout' }],
  bytes: Buffer.from('abc'),
  end: false,
};

describe('log frames', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 5 }), (chunks) => {
        expect(decodeFrames(encodeFrames(chunks))).toEqual(chunks);
      }),
      { numRuns: 300 },
    );
  });

  it('read back from pieces cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 4 }), fc.array(fc.nat()), async (chunks, cuts) => {
        const read: LogChunk[] = [];
        for await (const next of readFrames(cut(encodeFrames(chunks), cuts))) read.push(next);
        expect(read).toEqual(chunks);
      }),
      { numRuns: 300 },
    );
  });

  it('refuse a body that ends inside a frame, after the frames before it', async () => {
    const body = encodeFrames([one, one]);
    for (let length = body.length / 2 + 1; length < body.length; length++) {
      const read: LogChunk[] = [];
      const reading = (async () => {
        for await (const next of readFrames(cut(body.subarray(0, length), [9, 2]))) read.push(next);
      })();
      await expect(reading).rejects.toThrow('log frame 2: the body ends in the middle of it');
      expect(read).toEqual([one]);
    }
  });

  it('answer any bytes with frames or with request_wrong, never otherwise', () => {
    const damaged = fc
      .tuple(fc.array(chunk, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255))
      .map(([chunks, at, byte]) => {
        const body = encodeFrames(chunks);
        body[at % body.length] = byte;
        return body;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (body) => {
        try {
          for (const { segments, bytes } of decodeFrames(body))
            expect(segments.reduce((total, segment) => total + segment.length, 0)).toBe(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          expect((error as Problem).code).toBe('request_wrong');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [
      'a header that is too long',
      frame('x'.repeat(FRAME_LIMITS.headerBytes + 1)),
      'log frame 1: a header of 65537 bytes',
    ],
    ['a header that is not JSON', frame('{{'), 'its header is not JSON'],
    ['an id that leads out of its folder', frame(header({ log: '../../etc/passwd' })), 'not the id of a log'],
    ['a negative offset', frame(header({ offset: -1 })), 'offset'],
    ['an unknown stream', frame(header({ segments: [[1, 1, 'stdin']] })), 'segments.0.2'],
    ['an empty segment', frame(header({ segments: [[0, 1, 'stdout']] })), 'segments.0.0'],
    ['an unknown field', frame(header({ more: 1 })), 'more'],
    [
      'too many bytes',
      frame(header({ segments: [[FRAME_LIMITS.bytes + 1, 1, 'stdout']] })),
      'more than 262144',
    ],
  ])('refuse %s, saying so', (_, body, message) => {
    expect(() => decodeFrames(body)).toThrow(message);
  });

  it('are not made from a chunk whose segments do not add up', () => {
    expect(() => encodeFrame({ ...one, bytes: Buffer.from('ab') })).toThrow(RangeError);
  });
});

function header(change: Record<string, unknown>): string {
  return JSON.stringify({ log: one.logId, offset: 0, segments: [], end: false, ...change });
}

function frame(text: string): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([prefix, Buffer.from(text)]);
}

async function* cut(body: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const size of [...cuts.map((n) => n % 50), body.length]) {
    yield body.subarray(from, from + size);
    from = Math.min(from + size, body.length);
  }
}
