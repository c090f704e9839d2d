import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { LABEL_NAME, LABEL_VALUE, MOST_LABELS, type Labels } from '../src/core/labels.ts';
import { OTLP_PROTOCOLS } from '../src/core/otlp-protocol.ts';

/** The forms of settings: text in, value out. Each message says what the text is not. */
export const text = z.string();

export const flag = form('is not 1 or 0', (value) =>
  /^(1|true|yes|on)$/i.test(value) ? true : /^(0|false|no|off)$/i.test(value) ? false : null,
);

export const folder = form('is not a path', (value) => (value.includes('\0') ? null : path.resolve(value)));

/** A path of the worker's host that builds may be given. */
export interface HostVolume {
  /** Absolute and tidy. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** Which of them may be given at all is looked at where they are. */
export const hostVolumes = form('is not a list of absolute paths, each perhaps with :ro or :rw', (value) => {
  const volumes = value.split(',').map((one): HostVolume | null => {
    const [, source, mode] = /^\s*(\/[^:\0]*?)(?::(ro|rw))?\s*$/.exec(one) ?? [];
    return source === undefined || source.split('/').includes('..')
      ? null
      : { path: path.posix.resolve(source), readOnly: mode !== 'rw' };
  });
  return volumes.every((one) => one !== null) ? volumes : null;
});

export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
  error: () => 'is not one of trace, debug, info, warn, error, fatal',
});

/** A week at most. */
export const milliseconds = whole(
  1,
  7 * 24 * 3_600_000,
  'is not a number of milliseconds from 1 to 604800000, a week',
);

/** A whole number within both bounds. */
export function whole(least: number, most: number, sentence?: string): z.ZodType<number, string> {
  return form(sentence ?? `is not a whole number from ${least} to ${most}`, (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    return number >= least && number <= most ? number : null;
  });
}

const UNITS = ['', 'K', 'M', 'G', 'T'];

/** Bytes, as a number or with a binary unit: `50GiB`, `512M`, `0`. */
export const size = form('is not a size such as 50GiB, or 0', (value) => {
  const [, digits = '', unit = ''] = /^(\d{1,15})\s?(?:([KMGT])(?:iB)?)?$/i.exec(value) ?? [];
  const bytes = digits === '' ? NaN : Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  return Number.isSafeInteger(bytes) ? bytes : null;
});

/** A part of a disk: bytes as {@link size}, or a share of it in percent. */
export type DiskShare = { readonly bytes: number } | { readonly percent: number };

export const diskShare = form(
  'is neither a size such as 2GiB nor a share such as 5%, below 100%',
  (value): DiskShare | null => {
    const [, percent] = /^(\d{1,2}(?:\.\d{1,2})?)\s?%$/.exec(value) ?? [];
    if (percent !== undefined) return { percent: Number(percent) };
    const bytes = size.safeParse(value).data;
    return bytes === undefined ? null : { bytes };
  },
);

/** An `http` or `https` address, kept without its closing slash. */
export const webUrl = form('is not an http:// or https:// address', (value) =>
  isUrl(value, ['http:', 'https:']) ? value.replace(/\/+$/, '') : null,
);

/** The address of a collector of traces, as it stands. What opens it goes into a header, never into the address. */
export const collectorUrl = form(
  'is not an http:// or https:// address without a login in it',
  (value): string | null => {
    if (!isUrl(value, ['http:', 'https:'])) return null;
    const { username, password } = new URL(value);
    return username === '' && password === '' ? value : null;
  },
);

export const otlpProtocol = z.enum(OTLP_PROTOCOLS, {
  error: () =>
    `is not one of ${OTLP_PROTOCOLS.join(', ')} (gRPC is not spoken; what takes that takes HTTP too, mostly at port 4318)`,
});

/** `name=value` pairs with commas between, values percent-encoded where they have to be (W3C's "Baggage"). */
export const pairs = pairsOf('is not name=value, with commas between', {
  name: /^[A-Za-z0-9._/-]{1,255}$/,
  value: /^\P{Cc}*$/u,
});

/** As {@link pairs}: the headers of requests, in the characters that those may have (RFC 9110, 5.5). */
export const headers = pairsOf('is not a list of headers name=value, with commas between', {
  name: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,255}$/,
  value: /^[\x20-\x7e\xa0-\xff]*$/,
});

function pairsOf(
  sentence: string,
  forms: { readonly name: RegExp; readonly value: RegExp },
): z.ZodType<Readonly<Record<string, string>>, string> {
  return form(sentence, (value) => {
    const list = value.split(',').flatMap((pair) => (pair.trim() === '' ? [] : [readPair(pair)]));
    const isGood = list.every(
      ([name, text]) => forms.name.test(name) && text !== null && forms.value.test(text),
    );
    return isGood ? Object.fromEntries(list.map(([name, text]) => [name, text ?? ''])) : null;
  });
}

function readPair(pair: string): [name: string, value: string | null] {
  const at = pair.indexOf('=');
  if (at < 0) return [pair.trim(), null];
  const text = pair.slice(at + 1).trim();
  try {
    return [pair.slice(0, at).trim(), decodeURIComponent(text)];
  } catch {
    return [pair.slice(0, at).trim(), null];
  }
}

/** `redis://`, `rediss://` or `unix://`; a bare path is a socket too. */
export const redisUrl = form('is not redis://host:port or unix:///path', (value) =>
  isUrl(value, ['redis:', 'rediss:', 'unix:']) || value.startsWith('/') ? value : null,
);

/** Of a socket no host stands before the first `/`, which no other address may leave out: its folder is in the query. */
export const databaseUrl = form(
  'is not postgres://user@host/name (of a socket: postgres://user@/name?host=/its/folder)',
  (value) => (isUrl(value.replace('@/', '@localhost/'), ['postgres:', 'postgresql:']) ? value : null),
);

export const engineHost = form('is not unix:///path or tcp://host:port', (value) =>
  isUrl(value, ['unix:', 'tcp:']) ? value : null,
);

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[ipv6]:port`; port 0 lets the system choose. */
export const address = form('is not host:port', (value): Address | null => {
  const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = v6 ?? name;
  if (host === undefined || (v6 !== undefined && isIP(v6) !== 6) || Number(digits) > 65_535) return null;
  return { host, port: Number(digits) };
});

/** Proxies that are believed: how many stand in front, or their addresses and ranges. */
export const proxies = form(
  'is neither a number of proxies nor a list of their addresses and ranges',
  (value): number | readonly string[] | null => {
    if (/^\d{1,2}$/.test(value)) return Number(value);
    const list = value.split(',').map((item) => item.trim());
    return list.every(isAddressOrRange) ? list : null;
  },
);

/** Addresses and ranges with commas between. */
export const networks = form(
  'is not a list of addresses and ranges such as 10.0.0.0/8',
  (value): readonly string[] | null => {
    const list = value.split(',').map((item) => item.trim());
    return list.every(isAddressOrRange) ? list : null;
  },
);

export const smtpTls = z.enum(['starttls', 'tls', 'none'], {
  error: () => 'is not one of starttls, tls, none',
});

/** The sender of an e-mail: an address, or a name with one. */
export const sender = form('is neither an e-mail address nor NAME <address>', (value) =>
  /^(?:[^<>"\r\n]{0,100} ?<[^\s<>@]+@[A-Za-z0-9.-]+>|[^\s<>@]+@[A-Za-z0-9.-]+)$/.test(value) ? value : null,
);

/** IPv4 or IPv6, with or without a prefix length; `/0`, which is everybody, is none. */
function isAddressOrRange(value: string): boolean {
  const [, host = '', bits = '32'] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(value) ?? [];
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(host)] ?? 0;
  return Number(bits) >= 1 && Number(bits) <= most;
}

/** A registry as image names have it: `host` or `host:port`, without scheme or path. */
export const registryHost = form('is not host or host:port, without scheme or path', (value) =>
  /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/.test(value) ? value : null,
);

/** An image as engines name it; it never looks like an option of a command. */
export const imageName = form('is not the name of an image', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/.test(value) && !value.includes('//') ? value : null,
);

/** An IPv4 range on its own boundary, of at least `fewestHosts` addresses, e.g. `10.213.0.0/16`. */
export function ipRange(fewestHosts: number): z.ZodType<string, string> {
  return form(`is not a private IPv4 range of at least ${fewestHosts} addresses`, (value) => {
    const range = parseRange(value);
    return range !== null && isPrivate(range) && range.last - range.first + 1 >= fewestHosts ? value : null;
  });
}

/** First and last address as numbers; null when it is no range, or not on its own boundary. */
export function parseRange(value: string): { readonly first: number; readonly last: number } | null {
  const [host = '', bits = ''] = value.split('/');
  if (isIP(host) !== 4 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return null;
  const first = host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return first % size === 0 ? { first, last: first + size - 1 } : null;
}

/** RFC 1918, and 100.64.0.0/10 of RFC 6598. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(parseRange);

function isPrivate(range: { first: number; last: number }): boolean {
  return PRIVATE.some((whole) => whole !== null && range.first >= whole.first && range.last <= whole.last);
}

/** A name in lower case as workers and routers have it. */
export const shortName = form('is not a name of a-z, 0-9, "." and "-"', (value) =>
  /^[a-z0-9][a-z0-9.-]{0,62}$/.test(value) ? value : null,
);

/** `name=value` pairs with commas between; `none` for no labels at all. */
export const labels = form('is not name=value, with commas between, or none', (value): Labels | null => {
  if (value === 'none') return {};
  const pairs = value.split(',').map((pair) => pair.trim().split('='));
  const isGood = ([name = '', text = '', ...more]: readonly string[]): boolean =>
    LABEL_NAME.test(name) && LABEL_VALUE.test(text) && more.length === 0;
  return pairs.every(isGood) && pairs.length <= MOST_LABELS
    ? Object.fromEntries(pairs.map(([name = '', text = '']) => [name, text]))
    : null;
});

/** Comma-separated values, each of at least eight characters. */
export const secretList = form(
  'has a secret of fewer than 8 characters',
  (value): readonly string[] | null => {
    const list = value
      .split(/[,\n]/)
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return list.every((item) => item.length >= 8) ? list : null;
  },
);

/** A private key in PEM; in one line, its line breaks may stand as `\\n`. */
export const privateKey = form('is not a private key in PEM', (value) => {
  const pem = value.replaceAll('\\n', '\n').trim();
  return /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n[^]+\n-----END [A-Z ]*PRIVATE KEY-----$/.test(pem)
    ? pem
    : null;
});

/** A form that gives null for what it refuses. Absent settings never reach it. */
export function form<T>(sentence: string, parse: (value: string) => T | null): z.ZodType<T, string> {
  return z.string().transform((value, context) => {
    const parsed = parse(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: sentence });
    return z.NEVER;
  });
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}
