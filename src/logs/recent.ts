/** What is kept: some seconds of a talkative log. */
const KEPT_BYTES = 256 * 1024;

/**
 * The end of a file as it was last written, in memory, so that those who follow it live need not read what was in
 * hand a moment ago. Pieces follow one another without a gap.
 */
export class Recent {
  readonly #pieces: { readonly offset: number; readonly bytes: Buffer }[] = [];
  #bytes = 0;

  /** The file was appended to at `offset`. */
  add(offset: number, bytes: Buffer): void {
    this.#pieces.push({ offset, bytes });
    this.#bytes += bytes.length;
    while (this.#bytes > KEPT_BYTES) this.#bytes -= this.#pieces.shift()?.bytes.length ?? 0;
  }

  /** The bytes from `offset` on, or null when they are not all here. */
  read(offset: number, length: number): Buffer | null {
    const first = this.#pieces[0];
    if (first === undefined || offset < first.offset) return null;
    const parts: Buffer[] = [];
    for (const piece of this.#pieces) {
      const from = Math.max(0, offset - piece.offset);
      const to = Math.min(piece.bytes.length, offset + length - piece.offset);
      if (from < to) parts.push(piece.bytes.subarray(from, to));
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }
}
