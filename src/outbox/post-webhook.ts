import type { EffectHandler, EffectOutcome } from './outbox.ts';

const TIMEOUT_MS = 10_000;

/** POSTs an effect of kind `webhook` with its key as `Idempotency-Key`. 4xx other than 408 and 429 is final. */
export const postWebhook: EffectHandler = async (payload, key, signal) => {
  const { url, body } = payload as { url: string; body: string };
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  await response.body?.cancel();
  return outcomeOf(response.status, new URL(url).host);
};

function outcomeOf(status: number, host: string): EffectOutcome {
  const said = `${host} answered ${status}`;
  if (status >= 200 && status < 300) return { state: 'done', detail: said };
  const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { state: final ? 'failed' : 'retry', reason: said };
}
