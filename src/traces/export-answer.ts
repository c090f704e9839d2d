/** What a collector says of a request, as far as it is of use. */
export interface ExportAnswer {
  /** Spans that it did not want. */
  readonly rejected: number;
  /** What was wrong with those, or with nothing; empty where it says nothing. */
  readonly why: string;
  /** Of a refusal; empty where it says nothing. */
  readonly message: string;
}

const NOTHING: ExportAnswer = { rejected: 0, why: '', message: '' };

/**
 * Reads an `ExportTraceServiceResponse`, or the `google.rpc.Status` of a refusal, in the form that its content type names.
 * An answer that is neither says nothing: its status has said what counts.
 */
export function readExportAnswer(body: Buffer, contentType: string): ExportAnswer {
  try {
    return /protobuf/i.test(contentType) ? readBinary(body) : readJson(body.toString());
  } catch {
    return NOTHING;
  }
}

function readJson(text: string): ExportAnswer {
  const { partialSuccess, message } = (JSON.parse(text) ?? {}) as {
    partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown };
    message?: unknown;
  };
  return {
    rejected: Number(partialSuccess?.rejectedSpans ?? 0) || 0,
    why: textOf(partialSuccess?.errorMessage),
    message: textOf(message),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The first field of the one is its `partial_success`, of the other its `code`; the second of the other its `message`. */
function readBinary(body: Buffer): ExportAnswer {
  const fields = fieldsOf(body);
  const partial = fields.get(1);
  const inside = Buffer.isBuffer(partial) ? fieldsOf(partial) : new Map<number, Field>();
  const rejected = inside.get(1);
  return {
    rejected: typeof rejected === 'bigint' ? Number(BigInt.asIntN(64, rejected)) : 0,
    why: inside.get(2)?.toString() ?? '',
    message: fields.get(2)?.toString() ?? '',
  };
}

type Field = bigint | Buffer;

/** A message's fields by their numbers (Protocol Buffers, "Encoding"); of several of one number the last. */
function fieldsOf(bytes: Buffer): ReadonlyMap<number, Field> {
  const fields = new Map<number, Field>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of more than ten bytes');
  };
  const part = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError('a field that is longer than its message');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const kind = tag % 8;
    if (kind === 0) fields.set(Math.floor(tag / 8), varint());
    else if (kind === 2) fields.set(Math.floor(tag / 8), part(Number(varint())));
    else part(FIXED_BYTES[kind] ?? Infinity);
  }
  return fields;
}

/** By kind of field; no number in an answer has one of these. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
