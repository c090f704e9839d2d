import { Matcher } from './matcher.ts';
import { needlesOf } from './needles.ts';

export const MASK = '********';

/**
 * Masks secrets in a stream of bytes that is cut anywhere: each longest run of bytes that belong to some occurrence
 * of a secret, in any of its forms, becomes {@link MASK}. Bytes are held back only while they may be the beginning
 * of a secret. One redactor per stream; {@link Redactor.fork} makes another with the same secrets.
 */
export class Redactor {
  readonly #matcher: Matcher;
  #state = 0;
  /** The last bytes that were pushed and not given out. */
  #held: Buffer = EMPTY;
  /** What of them is masked, whatever follows. */
  #spans: readonly Span[] = [];
  /** Whether the last byte given out was masked. */
  #isMasking = false;

  constructor(secrets: readonly string[] | Matcher) {
    this.#matcher = secrets instanceof Matcher ? secrets : new Matcher(secrets.flatMap(needlesOf));
  }

  fork(): Redactor {
    return new Redactor(this.#matcher);
  }

  /** Takes bytes; gives what is certain. The result may share memory with `bytes`. */
  push(bytes: Uint8Array): Buffer {
    const matcher = this.#matcher;
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : asBuffer(bytes);
    const spans = [...this.#spans];
    let state = this.#state;
    for (let at = this.#held.length; at < data.length; at++) {
      if (state === 0) {
        at = matcher.skip(data, at);
        if (at >= data.length) break;
      }
      state = matcher.next(state, data[at] ?? 0);
      const length = matcher.hit[state] ?? 0;
      if (length > 0) addSpan(spans, Math.max(0, at + 1 - length), at + 1);
    }
    this.#state = state;
    const certain = extend(spans, Math.max(0, data.length - (matcher.depth[state] ?? 0)));
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
    return rest;
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

interface Span {
  readonly from: number;
  readonly to: number;
}

const EMPTY = Buffer.alloc(0);
const MASK_BYTES = Buffer.from(MASK);

/** Adds a span that ends last, joined with those it meets. */
function addSpan(spans: Span[], from: number, to: number): void {
  let start = from;
  for (let last = spans.at(-1); last !== undefined && last.to >= start; last = spans.at(-1)) {
    start = Math.min(start, last.from);
    spans.pop();
  }
  spans.push({ from: start, to });
}

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
