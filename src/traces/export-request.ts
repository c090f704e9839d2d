import type { OtlpProtocol } from '../core/otlp-protocol.ts';
import { encodeBinaryTrace } from './otlp-binary.ts';
import { encodeTrace, type Trace } from './otlp.ts';

/** What is posted to a collector. */
export interface ExportRequest {
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/**
 * A trace as a collector takes it, or, for null, a request without a span.
 * @param version Of Slipway.
 */
export function exportRequest(protocol: OtlpProtocol, trace: Trace | null, version = ''): ExportRequest {
  const contentType = CONTENT_TYPES[protocol];
  if (protocol === 'http/protobuf')
    return { contentType, body: trace === null ? new Uint8Array() : encodeBinaryTrace(trace, version) };
  const request = trace === null ? { resourceSpans: [] } : encodeTrace(trace, version);
  return { contentType, body: JSON.stringify(request) };
}

const CONTENT_TYPES: Readonly<Record<OtlpProtocol, string>> = {
  'http/json': 'application/json',
  'http/protobuf': 'application/x-protobuf',
};
