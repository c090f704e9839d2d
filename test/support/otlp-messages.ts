import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

const { root } = protobuf.parse(readFileSync(new URL('otlp.proto', import.meta.url), 'utf8'));
const REQUEST = root.lookupType('ExportTraceServiceRequest');

/**
 * An `ExportTraceServiceRequest` in its binary form as OTLP's JSON has it: ids in hex, numbers of 64 bits as text.
 * @throws Error where anything in it is not of the messages in `otlp.proto`.
 */
export function decodeRequest(bytes: Buffer): unknown {
  const message = REQUEST.decode(bytes);
  // What is not known is passed over by the decoder, and so is not there when it is written again.
  if (!bytes.equals(REQUEST.encode(message).finish()))
    throw new Error('it is not what its messages are written as');
  return withHexIds(REQUEST.toObject(message, { longs: String, bytes: String, arrays: true }));
}

/** As a collector answers in the binary form. */
export const encodeAnswer = (name: 'ExportTraceServiceResponse' | 'RpcStatus', answer: object): Buffer => {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(answer)).finish());
};

function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      /^(?:trace|span|parentSpan)Id$/.test(key)
        ? Buffer.from(String(inner), 'base64').toString('hex')
        : withHexIds(inner),
    ]),
  );
}
