/** The part of RESP 2 that the store needs: arrays of texts out; texts, numbers, nothing and errors in. */
export function encodeCommand(words) {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

/** Calls `onReply` for each whole reply that the stream brings, in order. */
export function readReplies(stream, onReply) {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let found = readReply(rest); found !== null; found = readReply(rest)) {
      rest = rest.subarray(found.length);
      onReply(found.value);
    }
  });
}

/** The first reply in these bytes and how many it takes; null while it is not whole. */
export function readReply(bytes) {
  const end = bytes.indexOf('\r\n');
  if (end < 0) return null;
  const text = bytes.toString('utf8', 1, end);
  const length = end + 2;
  const kind = String.fromCharCode(bytes[0]);
  if (kind === '+') return { value: text, length };
  if (kind === '-') return { value: new Error(text), length };
  if (kind === ':') return { value: Number(text), length };
  if (kind !== '$') throw new Error(`Redis says ${kind}, which is not for us`);
  const size = Number(text);
  if (size < 0) return { value: null, length };
  if (bytes.length < length + size + 2) return null;
  return { value: bytes.toString('utf8', length, length + size), length: length + size + 2 };
}
