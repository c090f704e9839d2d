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
    return JSON.stringify(sorted({ ...(JSON.parse(body) as object), installation: undefined }));
  } catch {
    return body;
  }
}

/** By itself: a replacer of `JSON.stringify` takes twice as long for a push. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const given = value as Readonly<Record<string, unknown>>;
  // No prototype, so that a key named `__proto__` is one like any other.
  const keys: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(given).sort()) keys[key] = sorted(given[key]);
  return keys;
}
