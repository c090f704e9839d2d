import { EngineLost } from './engine-lost.ts';

/** A piece of output: part of one of the engine's frames, cut anywhere. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

const HEADER = 8;

/**
 * Takes the engine's frames apart (8 bytes of header: stream 1 or 2, three zeros, big-endian length; Docker Engine
 * API, "Attach to a container"). A frame is passed on in the pieces it came in, so memory does not grow with it, and
 * nothing more is read than is asked for.
 * @throws EngineLost when the source breaks, or ends inside a frame.
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const header = Buffer.alloc(HEADER);
  let headerLength = 0;
  let left = 0;
  for await (let chunk of orLost(source)) {
    while (chunk.length > 0) {
      if (left === 0) {
        const taken = Math.min(HEADER - headerLength, chunk.length);
        header.set(chunk.subarray(0, taken), headerLength);
        chunk = chunk.subarray(taken);
        headerLength += taken;
        if (headerLength < HEADER) break;
        headerLength = 0;
        left = header.readUInt32BE(4);
      }
      const bytes = chunk.subarray(0, left);
      chunk = chunk.subarray(bytes.length);
      left -= bytes.length;
      if (bytes.length > 0) yield { stream: header[0] === 2 ? 'stderr' : 'stdout', bytes };
    }
  }
  if (left > 0 || headerLength > 0) throw new EngineLost('the engine ended its stream inside a frame');
}

async function* orLost(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw new EngineLost('the engine broke its stream', { cause: error });
  }
}
