import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP, type BlockList, type LookupFunction } from 'node:net';
import { mayReach } from './public-address.ts';

export interface GuardedPost {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PostGuard {
  /** Private addresses that may be reached all the same. */
  readonly allowed: BlockList;
  /** All addresses of a name; default: as the system resolves it. */
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
}

/** A name or an address that is in a network which nobody may have the server reach into. */
export class ForbiddenAddress extends Error {}

/**
 * POSTs to an address that a user has chosen. What the name resolves to is looked at, and those very addresses are
 * connected to, so that no second answer of a name server can lead elsewhere; a redirect is an answer like any other and
 * not followed. Gives the answer's status; its body is not read.
 * @throws ForbiddenAddress before anything is connected to.
 */
export async function postGuarded(
  { url, body, headers }: GuardedPost,
  { allowed, resolve = resolveAll }: PostGuard,
  signal: AbortSignal,
): Promise<number> {
  const target = new URL(url);
  const name = target.hostname.replace(/^\[|\]$/g, '');
  const found =
    isIP(name) === 0 ? await unlessEnded(resolve(name), signal) : [{ address: name, family: isIP(name) }];
  const addresses = found.filter(({ address }) => mayReach(address, allowed));
  if (addresses.length === 0)
    throw new ForbiddenAddress(
      `${target.host} is at no public address, and SLIPWAY_NOTIFY_NETWORKS allows none of its others`,
    );
  const { request } = target.protocol === 'https:' ? https : http;
  return new Promise((resolvePromise, reject) => {
    const outgoing = request(target, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      lookup: only(addresses),
      agent: false,
      signal,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.on('error', () => undefined);
      resolvePromise(response.statusCode ?? 0);
      response.destroy();
    });
    outgoing.end(body);
  });
}

/** A name server may keep one waiting for longer than a message may take. */
async function unlessEnded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    signal.removeEventListener('abort', end);
    work.catch(() => undefined);
  }
}

/** Answers every question with the addresses that were looked at. */
function only(addresses: readonly LookupAddress[]): LookupFunction {
  return (_name, options, answer) => {
    const [first] = addresses;
    if (options.all === true) answer(null, [...addresses]);
    else answer(null, first?.address ?? '', first?.family ?? 4);
  };
}

function resolveAll(name: string): Promise<readonly LookupAddress[]> {
  return lookup(name, { all: true });
}
