import { createHash } from 'node:crypto';

/**
 * SHA-256, in hex, of what a signed body says as the given event, whatever the order of its keys and its white space: one
 * that is fetched from the Git host is written anew. The event's name stands in no signed part, so a body that was
 * sent as another event first is not the same. Which installation of an App it was sent for is left out: the webhook of
 * the repository brings the same event without it (GitHub, "Webhook events and payloads").
 */
export function bodyDigest(event: string, body: string): string {
  return createHash('sha256')
    .update(`${event}\n${canonical(body)}`)
    .digest('hex');
}

/** As it came where it is nested too deeply to be written again. */
function canonical(body: string): string {
  try {
    const said = { ...(JSON.parse(body) as object), installation: undefined };
    return JSON.stringify(said, (_key, value: unknown) => sorted(value));
  } catch {
    return body;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
