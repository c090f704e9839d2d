/** A worker that takes nothing for this long is not served on. */
export const IDLE_MS = 30 * 60_000;

/** Each part that the reader asks for begins the time anew. */
export async function* whileMoving(
  parts: AsyncIterable<Uint8Array>,
  time: NodeJS.Timeout,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    time.refresh();
    yield part;
  }
}
