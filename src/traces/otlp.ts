import type { Attributes, AttributeValue, Span } from './span.ts';

/** Spans of one resource, as one request carries them. */
export interface Trace {
  readonly resource: Attributes;
  readonly spans: readonly Span[];
}

/** Of OTLP's `SpanKind` and `StatusCode`, and the flag `sampled` of W3C's "Trace Context". */
export const KINDS = { internal: 1, server: 2 } as const;
export const STATUS_ERROR = 2;
export const SAMPLED = 1;

/**
 * An `ExportTraceServiceRequest` in OTLP's JSON (OTLP 1.9, "JSON Protobuf Encoding"): ids in hex, numbers of 64 bits as
 * text, enums as numbers, keys in lowerCamelCase.
 * @param version Of Slipway.
 */
export function encodeTrace({ resource, spans }: Trace, version: string): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeSpans: [{ scope: { name: 'slipway', version }, spans: spans.map(encodeSpan) }],
      },
    ],
  };
}

function encodeSpan(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId !== null && { parentSpanId: span.parentId }),
    flags: SAMPLED,
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanoseconds(span.startMs).toString(),
    endTimeUnixNano: nanoseconds(span.endMs).toString(),
    attributes: encodeAttributes(span.attributes),
    links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId, flags: SAMPLED })),
    // A status that is unset says as little as a success.
    status: span.error === null ? {} : { code: STATUS_ERROR, message: span.error },
  };
}

export function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === null ? [] : [{ key, value: encodeValue(value) }],
  );
}

function encodeValue(value: NonNullable<AttributeValue>): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}
