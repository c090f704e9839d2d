import { KINDS, nanoseconds, SAMPLED, STATUS_ERROR, type Trace } from './otlp.ts';
import type { Attributes, AttributeValue, Span } from './span.ts';

type Bytes = Buffer<ArrayBuffer>;

/**
 * An `ExportTraceServiceRequest` in Protocol Buffers' binary form, by opentelemetry-proto 1.9: the same as
 * `encodeTrace` says in JSON, each message's fields in the order of their numbers.
 * @param version Of Slipway.
 */
export function encodeBinaryTrace({ resource, spans }: Trace, version: string): Bytes {
  const scope = [text(1, 'slipway'), text(2, version)];
  const scopeSpans = [message(1, scope), ...spans.map((span) => message(2, fieldsOfSpan(span)))];
  return message(1, [message(1, attributes(1, resource)), message(2, scopeSpans)]);
}

function fieldsOfSpan(span: Span): readonly Bytes[] {
  return [
    id(1, span.traceId),
    id(2, span.spanId),
    ...(span.parentId === null ? [] : [id(4, span.parentId)]),
    text(5, span.name),
    number(6, KINDS[span.kind]),
    fixed64(7, nanoseconds(span.startMs)),
    fixed64(8, nanoseconds(span.endMs)),
    ...attributes(9, span.attributes),
    ...span.links.map(({ traceId, spanId }) =>
      message(13, [id(1, traceId), id(2, spanId), fixed32(6, SAMPLED)]),
    ),
    message(15, span.error === null ? [] : [text(2, span.error), number(3, STATUS_ERROR)]),
    fixed32(16, SAMPLED),
  ];
}

function attributes(field: number, values: Attributes): readonly Bytes[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === null ? [] : [message(field, [text(1, key), message(2, [encodeValue(value)])])],
  );
}

/** The field of `AnyValue` that has it. */
function encodeValue(value: NonNullable<AttributeValue>): Bytes {
  if (typeof value === 'string') return text(1, value);
  if (typeof value === 'boolean') return number(2, value ? 1 : 0);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? number(3, value) : double(4, value);
  return message(
    5,
    value.map((one) => message(1, [text(1, one)])),
  );
}

/** The kinds of fields on the wire, by Protocol Buffers' "Encoding". */
const VARINT = 0;
const EIGHT_BYTES = 1;
const WITH_LENGTH = 2;
const FOUR_BYTES = 5;

const message = (field: number, fields: readonly Bytes[]): Bytes => withLength(field, Buffer.concat(fields));
const text = (field: number, value: string): Bytes => withLength(field, Buffer.from(value));
const id = (field: number, hex: string): Bytes => withLength(field, Buffer.from(hex, 'hex'));

function withLength(field: number, bytes: Bytes): Bytes {
  return Buffer.concat([tag(field, WITH_LENGTH), varint(BigInt(bytes.length)), bytes]);
}

/** A whole number, a truth value or a name of an enum. */
function number(field: number, value: number): Bytes {
  return Buffer.concat([tag(field, VARINT), varint(BigInt(value))]);
}

function double(field: number, value: number): Bytes {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, EIGHT_BYTES), bytes]);
}

function fixed64(field: number, value: bigint): Bytes {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([tag(field, EIGHT_BYTES), bytes]);
}

function fixed32(field: number, value: number): Bytes {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(field, FOUR_BYTES), bytes]);
}

const tag = (field: number, kind: number): Bytes => varint(BigInt(field * 8 + kind));

/** Seven bits a byte, the lowest first; a negative number as its two's complement of 64 bits. */
function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
