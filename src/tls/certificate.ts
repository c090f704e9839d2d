import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';

/** A certificate that servers may use: its chain and the private key that belongs to it. */
export interface Certificate {
  /** PEM: the leaf first, then the authorities between it and the root. */
  readonly chain: string;
  /** PEM, not encrypted. */
  readonly key: string;
  /** Host names of the leaf, e.g. `*.example.com`; as the certificate has them. */
  readonly hosts: readonly string[];
  /** Of the leaf: SHA-256 in hex with colons. */
  readonly fingerprint: string;
  /** When the first certificate of the chain ends, Unix ms. */
  readonly endsMs: number;
}

export type ReadCertificate =
  { readonly ok: true; readonly certificate: Certificate } | { readonly ok: false; readonly cause: string };

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEYS = /-----BEGIN (?:(?:RSA|EC) )?PRIVATE KEY-----[^-]+-----END (?:(?:RSA|EC) )?PRIVATE KEY-----/g;

/**
 * What PEM texts hold, checked: a leaf, its private key, and each further certificate the issuer of the one before. One
 * text may hold both. Whether clients trust it, and whether its time has come or gone, is for them to say.
 */
export function readCertificate(chainText: string, keyText: string): ReadCertificate {
  const chain = parseChain(chainText.match(CERTIFICATES) ?? []);
  if (typeof chain === 'string') return { ok: false, cause: chain };
  const [leaf, ...issuers] = chain;
  if (leaf === undefined) return { ok: false, cause: 'it holds no certificate in PEM' };
  const [keyPem] = keyText.match(KEYS) ?? [];
  if (keyPem === undefined) return { ok: false, cause: withoutKey(keyText) };
  const key = parse(() => createPrivateKey(keyPem));
  if (typeof key === 'string') return { ok: false, cause: `its private key cannot be read (${key})` };
  if (!belongs(leaf, key)) return { ok: false, cause: 'the private key belongs to another certificate' };
  const stray = issuers.findIndex((issuer, index) => chain[index]?.checkIssued(issuer) !== true);
  if (stray !== -1)
    return {
      ok: false,
      cause: `certificate ${stray + 2} of the chain has not issued the one before it; the leaf comes first`,
    };
  return { ok: true, certificate: describe(chain, leaf, keyPem) };
}

function describe(chain: readonly X509Certificate[], leaf: X509Certificate, keyPem: string): Certificate {
  const hosts = [...(leaf.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^\s,]+)/g)];
  return {
    chain: chain.map((one) => one.toString().trim() + '\n').join(''),
    key: `${keyPem}\n`,
    hosts: hosts.map(([, host = '']) => host),
    fingerprint: leaf.fingerprint256,
    endsMs: Math.min(...chain.map((one) => Date.parse(one.validTo))),
  };
}

function parseChain(pems: readonly string[]): readonly X509Certificate[] | string {
  const chain: X509Certificate[] = [];
  for (const [index, pem] of pems.entries()) {
    const one = parse(() => new X509Certificate(pem));
    if (typeof one === 'string') return `certificate ${index + 1} in it cannot be read (${one})`;
    chain.push(one);
  }
  return chain;
}

function withoutKey(text: string): string {
  return /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)
    ? 'its private key is encrypted; nobody is there to type the passphrase'
    : 'there is no private key in PEM';
}

function belongs(leaf: X509Certificate, key: KeyObject): boolean {
  return leaf.publicKey.equals(createPublicKey(key));
}

function parse<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return (error as Error).message;
  }
}
