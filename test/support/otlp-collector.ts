import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { decodeRequest } from './otlp-messages.ts';

/**
 * `ExportTraceServiceRequest` in OTLP's JSON, by opentelemetry-proto 1.9 (`trace/v1/trace.proto`, `common/v1/common.proto`) and the deviations
 * of the protocol's "JSON Protobuf Encoding". Keys that the messages do not have are refused.
 */
const hex = (digits: number) => z.string().regex(new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`));
const fixed64 = z.string().regex(/^\d{1,20}$/);
const attributes = z.array(
  z.strictObject({
    key: z.string().min(1),
    value: z.union([
      z.strictObject({ stringValue: z.string() }),
      z.strictObject({ boolValue: z.boolean() }),
      z.strictObject({ intValue: z.string().regex(/^-?\d{1,19}$/) }),
      z.strictObject({ doubleValue: z.number() }),
      z.strictObject({
        arrayValue: z.strictObject({ values: z.array(z.strictObject({ stringValue: z.string() })) }),
      }),
    ]),
  }),
);
const span = z
  .strictObject({
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16).optional(),
    flags: z.int().nonnegative(),
    name: z.string().min(1),
    kind: z.int().min(0).max(5),
    startTimeUnixNano: fixed64,
    endTimeUnixNano: fixed64,
    attributes,
    links: z.array(z.strictObject({ traceId: hex(32), spanId: hex(16), flags: z.int().nonnegative() })),
    status: z.strictObject({ code: z.int().min(0).max(2).optional(), message: z.string().optional() }),
  })
  .refine((one) => BigInt(one.endTimeUnixNano) >= BigInt(one.startTimeUnixNano), 'ends before it starts')
  .refine((one) => isUnique(one.attributes.map(({ key }) => key)), 'has an attribute twice');

export const exportRequest = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          spans: z.array(span),
        }),
      ),
    }),
  ),
});

export type SentSpan = z.infer<typeof span>;

export interface ReceivedExport {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** JSON; what came in binary is as it would be in JSON. */
  readonly body: string;
}

/** A collector on the loopback that refuses what is not OTLP, and answers what a test says. */
export interface TestCollector {
  /** Without path. */
  readonly url: string;
  /** In the order in which they came, refused ones too. */
  readonly received: ReceivedExport[];
  /** What was wrong with requests. */
  readonly complaints: string[];
  /** The spans of all that was answered with 200. */
  readonly spans: () => readonly SentSpan[];
  /** How the next requests are answered; by default 200 with an empty answer, in the request's form. */
  answer: (response: ServerResponse) => void;
  /** Closes it; its port is free then. */
  close(): Promise<void>;
}

/** @param port 0 lets the system choose. */
export async function startCollector(port = 0): Promise<TestCollector> {
  const taken: SentSpan[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = readBody(Buffer.concat(parts), request.headers['content-type']);
      collector.received.push({ path: request.url ?? '', headers: request.headers, body });
      const parsed = exportRequest.safeParse(JSON.parse(body));
      if (!parsed.success) collector.complaints.push(parsed.error.message);
      response.on('finish', () => {
        if (parsed.success && response.statusCode === 200) taken.push(...spansOf(parsed.data));
      });
      collector.answer(response);
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const collector: TestCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    complaints: [],
    spans: () => taken,
    answer(response) {
      const type = response.req.headers['content-type'] ?? '';
      response.writeHead(200, { 'content-type': type }).end(type === BINARY ? '' : '{}');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
  return collector;
}

const BINARY = 'application/x-protobuf';

function readBody(bytes: Buffer, type: string | undefined): string {
  return type === BINARY ? JSON.stringify(decodeRequest(bytes)) : bytes.toString();
}

function spansOf({ resourceSpans }: z.infer<typeof exportRequest>): SentSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function isUnique(keys: readonly string[]): boolean {
  return new Set(keys).size === keys.length;
}
