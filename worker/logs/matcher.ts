/**
 * Finds many byte strings at once in bytes that come in pieces (Aho and Corasick 1975): one state, moved by one
 * byte at a time. A state stands for the longest end of the bytes so far that begins one of the needles.
 */
export class Matcher {
  /** Per state: how many last bytes may be the beginning of a needle. */
  readonly depth: Int32Array;
  /** Per state: length of the longest needle that ends here, 0 for none. */
  readonly hit: Int32Array;
  /** Per state: the state of its longest end that begins a needle which may be broken into lines, 0 for none. */
  readonly broken: Int32Array;
  /** As {@link hit}, of such needles alone. */
  readonly brokenHit: Int32Array;
  /** Per state: its first child, the byte that leads to it, and the child's next sibling. */
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #byte: Uint8Array;
  /** Per state: the state of the longest proper end. */
  readonly #fail: Int32Array;
  /** Successors of the state 0, by byte. */
  readonly #root = new Int32Array(256);

  /** @param breakable Needles that may be broken into lines; who looks for them so steps over the ends of lines. */
  constructor(needles: readonly Uint8Array[], breakable: readonly Uint8Array[] = []) {
    const size = 1 + [...needles, ...breakable].reduce((total, needle) => total + needle.length, 0);
    this.depth = new Int32Array(size);
    this.hit = new Int32Array(size);
    this.broken = new Int32Array(size);
    this.brokenHit = new Int32Array(size);
    this.#child = new Int32Array(size);
    this.#sibling = new Int32Array(size);
    this.#byte = new Uint8Array(size);
    this.#fail = new Int32Array(size);
    let states = 1;
    for (const needle of needles) states = this.#insert(needle, states);
    for (const needle of breakable) {
      states = this.#insert(needle, states);
      this.#mark(needle);
    }
    for (let child = this.#child[0] ?? 0; child !== 0; child = this.#sibling[child] ?? 0)
      this.#root[this.#byte[child] ?? 0] = child;
    this.#link();
  }

  /** The state after `byte`. */
  next(state: number, byte: number): number {
    for (let from = state; from !== 0; from = this.#fail[from] ?? 0) {
      const child = this.#childOf(from, byte);
      if (child !== 0) return child;
    }
    return this.#root[byte] ?? 0;
  }

  /** Index of the first byte from `from` on that begins a needle; `bytes.length` when none does. */
  skip(bytes: Uint8Array, from: number): number {
    const root = this.#root;
    let at = from;
    while (at < bytes.length && root[bytes[at] ?? 0] === 0) at += 1;
    return at;
  }

  #insert(needle: Uint8Array, states: number): number {
    let state = 0;
    let free = states;
    for (const byte of needle) {
      let child = this.#childOf(state, byte);
      if (child === 0) {
        child = free++;
        this.#byte[child] = byte;
        this.#sibling[child] = this.#child[state] ?? 0;
        this.#child[state] = child;
        this.depth[child] = (this.depth[state] ?? 0) + 1;
      }
      state = child;
    }
    this.hit[state] = needle.length;
    return free;
  }

  #mark(needle: Uint8Array): void {
    let state = 0;
    for (const byte of needle) {
      state = this.#childOf(state, byte);
      this.broken[state] = state;
    }
    this.brokenHit[state] = needle.length;
  }

  /** Sets the fail links, shallow states first. */
  #link(): void {
    const queue = [0];
    for (const state of queue) {
      for (let child = this.#child[state] ?? 0; child !== 0; child = this.#sibling[child] ?? 0) {
        queue.push(child);
        const fail = state === 0 ? 0 : this.next(this.#fail[state] ?? 0, this.#byte[child] ?? 0);
        this.#fail[child] = fail;
        this.hit[child] = Math.max(this.hit[child] ?? 0, this.hit[fail] ?? 0);
        this.brokenHit[child] = Math.max(this.brokenHit[child] ?? 0, this.brokenHit[fail] ?? 0);
        if (this.broken[child] === 0) this.broken[child] = this.broken[fail] ?? 0;
      }
    }
  }

  #childOf(state: number, byte: number): number {
    let child = this.#child[state] ?? 0;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child] ?? 0;
    return child;
  }
}
