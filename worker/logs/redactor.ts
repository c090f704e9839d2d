import { Matcher } from './matcher.ts';
import { needlesOf, wrappedNeedlesOf } from '../../src/core/needles.ts';
import { addSpan, type Span } from './spans.ts';
import { isEndOfLine, WrappedMatches } from './wrapped-matches.ts';

export const MASK = '********';

/**
 * Masks secrets in a stream of bytes that is cut anywhere: each longest run of bytes that belong to some occurrence
 * of a secret, in any of its forms, becomes {@link MASK}; so does base64 that has it and is broken into lines. Bytes are
 * held back only while they may be the beginning of a secret. One redactor per stream; {@link Redactor.fork} makes
 * another with the same secrets.
 */
export class Redactor {
  readonly #matcher: Matcher;
  #state = 0;
  #wrapped: WrappedMatches;
  /** The last bytes that were pushed and not given out. */
  #held: Buffer = EMPTY;
  /** What of them is masked, whatever follows. */
  #spans: readonly Span[] = [];
  /** Whether the last byte given out was masked. */
  #isMasking = false;

  constructor(secrets: readonly string[] | Matcher) {
    this.#matcher =
      secrets instanceof Matcher
        ? secrets
        : new Matcher(secrets.flatMap(needlesOf), secrets.flatMap(wrappedNeedlesOf));
    this.#wrapped = new WrappedMatches(this.#matcher);
  }

  fork(): Redactor {
    return new Redactor(this.#matcher);
  }

  /** Takes bytes; gives what is certain. The result may share memory with `bytes`. */
  push(bytes: Uint8Array): Buffer {
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : asBuffer(bytes);
    const spans = [...this.#spans];
    this.#find(data, this.#held.length, spans);
    const depth = this.#matcher.depth[this.#state] ?? 0;
    const pendingFrom = Math.min(data.length - depth, this.#wrapped.pendingFrom(data));
    const certain = extend(spans, Math.max(0, pendingFrom));
    this.#held = Buffer.from(data.subarray(certain));
    this.#spans = spans
      .filter((span) => span.to > certain)
      .map(({ from, to }) => ({ from: from - certain, to: to - certain }));
    return this.#mask(
      data.subarray(0, certain),
      spans.filter((span) => span.to <= certain),
    );
  }

  /** The stream has ended: gives what was held back. */
  end(): Buffer {
    const rest = this.#mask(this.#held, this.#spans);
    this.#held = EMPTY;
    this.#spans = [];
    this.#state = 0;
    this.#wrapped = new WrappedMatches(this.#matcher);
    return rest;
  }

  #find(data: Buffer, from: number, spans: Span[]): void {
    const [matcher, wrapped] = [this.#matcher, this.#wrapped];
    let state = this.#state;
    let isFollowing = wrapped.isFollowing;
    for (let at = from; at < data.length; at++) {
      if (state === 0 && !isFollowing) {
        at = matcher.skip(data, at);
        if (at >= data.length) break;
      }
      const byte = data[at] ?? 0;
      if (isFollowing) {
        wrapped.take(data, at, spans);
        isFollowing = wrapped.isFollowing;
      } else if (state !== 0 && isEndOfLine(byte)) {
        wrapped.begin(state, byte);
        isFollowing = wrapped.isFollowing;
      }
      state = matcher.next(state, byte);
      const length = matcher.hit[state] ?? 0;
      if (length > 0) addSpan(spans, Math.max(0, at + 1 - length), at + 1);
    }
    this.#state = state;
  }

  #mask(data: Buffer, spans: readonly Span[]): Buffer {
    if (data.length === 0) return data;
    if (spans.length === 0) {
      this.#isMasking = false;
      return data;
    }
    const pieces: Buffer[] = [];
    let at = 0;
    for (const { from, to } of spans) {
      if (from > at) pieces.push(data.subarray(at, from));
      if (from > at || !this.#isMasking) pieces.push(MASK_BYTES);
      this.#isMasking = true;
      at = to;
    }
    if (at < data.length) {
      pieces.push(data.subarray(at));
      this.#isMasking = false;
    }
    return Buffer.concat(pieces);
  }
}

const EMPTY = Buffer.alloc(0);
const MASK_BYTES = Buffer.from(MASK);

/**
 * The end of what can be given out: bytes before `certain`, and the rest of a span that reaches over it. Any span may,
 * not only the last: the beginning of a longer secret can have another whole one in it.
 */
function extend(spans: readonly Span[], certain: number): number {
  return spans.find((span) => span.from <= certain && span.to > certain)?.to ?? certain;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
