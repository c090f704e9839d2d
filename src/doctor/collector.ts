import type { TraceSettings } from '../../config/settings.ts';
import { causeOf, ok, warn, type Check, type Finding } from './check.ts';

/** Less than a check may take: nothing but traces needs it. */
const TIMEOUT_MS = 5_000;

/** Sends a request without a span, which a collector takes as any other (OTLP 1.9, "Full Success"). */
export function checkCollector({ url, headers }: TraceSettings): Check {
  // The rest of the address may hold a key.
  const { host } = new URL(url);
  const head = new Headers(headers);
  head.set('content-type', 'application/json');
  return {
    name: 'collector',
    run: async (signal) => {
      try {
        const response = await fetch(url, {
          method: 'POST',
          body: JSON.stringify({ resourceSpans: [] }),
          headers: head,
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        await response.body?.cancel();
        return response.ok ? ok(`${host} takes traces`) : refused(host, response.status);
      } catch (error) {
        return warn(
          `${host} does not answer (${causeOf(error)})`,
          'Start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT; traces wait for it, builds do not.',
        );
      }
    },
  };
}

function refused(host: string, status: number): Finding {
  return warn(`${host} answers ${status}`, FIXES[status] ?? 'Its own log says why; traces are dropped.');
}

const KEY = 'Set what opens it in OTEL_EXPORTER_OTLP_HEADERS.';
const FIXES: Readonly<Record<number, string>> = {
  401: KEY,
  403: KEY,
  404: 'Set the full address in OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.',
};
