import { createHash, createHmac } from 'node:crypto';
import type { NotificationMessage } from '../core/notification.ts';
import { textOf } from '../core/notification-text.ts';
import type { Clock } from '../ports/clock.ts';
import type { Mailer } from '../ports/mailer.ts';
import type { EffectHandler, EffectOutcome } from './outbox.ts';
import { ForbiddenAddress, postGuarded, type PostGuard } from './post-guarded.ts';

export interface NotificationDeps {
  /** What opens a target now; null for one that was removed. */
  readonly open: (
    targetId: string,
  ) => Promise<
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
    | { readonly kind: 'email' }
    | null
  >;
  /** Null: the server has no mail server. */
  readonly mailer: Mailer | null;
  readonly guard: PostGuard;
  readonly clock: Clock;
  /** Address of the pages, without closing slash. */
  readonly publicUrl: string;
}

const TIMEOUT_MS = 10_000;
/** What a receiver was away for that long is news no more; messages behind it get their turn. */
const STALE_MS = 24 * 3_600_000;

/**
 * Does an effect of kind `notification`: a signed POST, or an e-mail to one address. It may be done twice, where the
 * server ends between the act and its record: the id of the message, which is the effect's key, is the same then.
 */
export function notificationHandler(deps: NotificationDeps): EffectHandler {
  return async (payload, key, signal) => {
    const { targetId, address, message } = payload as {
      targetId: string;
      address: string | null;
      message: NotificationMessage;
    };
    const target = await deps.open(targetId);
    if (target === null) return { state: 'done', detail: 'left out: the target was removed' };
    if (deps.clock.nowMs() - message.atMs > STALE_MS)
      return { state: 'failed', reason: 'given up: it could not be sent for a day' };
    return target.kind === 'webhook'
      ? post(deps, target, { key, message }, signal)
      : mail(deps, address ?? '', { key, message }, signal);
  };
}

interface Keyed {
  readonly key: string;
  readonly message: NotificationMessage;
}

async function post(
  { guard, publicUrl }: NotificationDeps,
  { url, secret }: { readonly url: string; readonly secret: string },
  { key, message }: Keyed,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const { path, ...told } = message;
  const body = JSON.stringify({ id: key, ...told, url: `${publicUrl}${path}` });
  const { host } = new URL(url);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Slipway',
    'x-slipway-event': message.event,
    'x-slipway-delivery': key,
    'x-slipway-signature-256': signatureOf(body, secret),
  };
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return outcomeOf(await postGuarded({ url, body, headers }, guard, bounded), host);
  } catch (error) {
    if (error instanceof ForbiddenAddress) return { state: 'failed', reason: error.message };
    // Neither its path nor its query, which may be secrets, is in what is told.
    return { state: 'retry', reason: `${host} does not answer: ${causeOf(error)}` };
  }
}

/** As GitHub signs ("Validating webhook deliveries"): `sha256=` and the HMAC of the body in hex. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function outcomeOf(status: number, host: string): EffectOutcome {
  const said = `${host} answered ${status}`;
  if (status >= 200 && status < 300) return { state: 'done', detail: said };
  if (status >= 300 && status < 400)
    return {
      state: 'failed',
      reason: `${said}; a redirect is not followed: set the address that it leads to`,
    };
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { state: isFinal ? 'failed' : 'retry', reason: said };
}

function causeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || code === 'ABORT_ERR') return `nothing within ${TIMEOUT_MS / 1_000} s`;
  return code ?? 'the connection ended';
}

async function mail(
  { mailer, publicUrl }: NotificationDeps,
  address: string,
  { key, message }: Keyed,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  if (mailer === null)
    return { state: 'failed', reason: 'this server has no mail server; set SLIPWAY_SMTP_HOST' };
  const { subject, text } = textOf(message, publicUrl);
  // The same for each try, so that mail programs show one.
  const id = createHash('sha256').update(key).digest('hex').slice(0, 32);
  return mailer.send({ to: address, subject, text, id }, signal);
}
