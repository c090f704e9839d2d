import type { TraceSettings } from '../../config/settings.ts';
import { OTLP_PROTOCOLS, type OtlpProtocol } from '../core/otlp-protocol.ts';
import { exportRequest } from '../traces/export-request.ts';
import { causeOf, ok, warn, type Check, type Finding } from './check.ts';

/** Less than a check may take: nothing but traces needs it. */
const TIMEOUT_MS = 5_000;

/** Sends a request without a span, which a collector takes as any other (OTLP 1.9, "Full Success"). */
export function checkCollector({ url, headers, protocol }: TraceSettings): Check {
  // The rest of the address may hold a key.
  const { host } = new URL(url);
  const head = new Headers(headers);
  const { contentType, body } = exportRequest(protocol, null);
  head.set('content-type', contentType);
  return {
    name: 'collector',
    run: async (signal) => {
      try {
        const response = await fetch(url, {
          method: 'POST',
          body,
          headers: head,
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        await response.body?.cancel();
        return response.ok ? ok(`${host} takes traces`) : refused(host, response.status, protocol);
      } catch (error) {
        return warn(
          `${host} does not answer (${causeOf(error)})`,
          'Start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT; traces wait for it, builds do not.',
        );
      }
    },
  };
}

function refused(host: string, status: number, protocol: OtlpProtocol): Finding {
  const fix = FIXES[status]?.(protocol) ?? 'Its own log says why; traces are dropped.';
  return warn(`${host} answers ${status}`, fix);
}

const KEY = () => 'Set what opens it in OTEL_EXPORTER_OTLP_HEADERS.';
const FORM = (protocol: OtlpProtocol) =>
  `It may not take ${protocol}: try OTEL_EXPORTER_OTLP_PROTOCOL=${OTLP_PROTOCOLS.find((one) => one !== protocol)}.`;
const FIXES: Readonly<Record<number, (protocol: OtlpProtocol) => string>> = {
  400: FORM,
  401: KEY,
  403: KEY,
  404: () => 'Set the full address in OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.',
  415: FORM,
};
