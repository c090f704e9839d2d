/**
 * How a collector is spoken to, by the names of OpenTelemetry's `OTEL_EXPORTER_OTLP_PROTOCOL`. Its third, `grpc`, is not
 * spoken.
 */
export const OTLP_PROTOCOLS = ['http/json', 'http/protobuf'] as const;

export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];
