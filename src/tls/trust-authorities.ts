import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import tls from 'node:tls';
import { Problem } from '../core/problem.ts';

/**
 * Has this process trust the authorities of a PEM file from now on, beside those it trusts already (Node's own, and those of
 * NODE_EXTRA_CA_CERTS), wherever a connection names none: HTTPS, `rediss://`, PostgreSQL. Null changes nothing.
 * @throws Problem `authorities_wrong`.
 */
export function trustAuthorities(file: string | null): void {
  if (file === null) return;
  try {
    const more = readFileSync(file, 'utf8').match(PEM) ?? [];
    if (more.length === 0) throw new Error('it holds no certificate in PEM');
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...more]);
  } catch (error) {
    throw new Problem('authorities_wrong', { file, cause: (error as Error).message }, { cause: error });
  }
}

/** Writes all whom this process trusts, and the system does, to a file, for programs that take one in the place of their own. Gives its path. */
export async function writeAuthorities(file: string): Promise<string> {
  const all = new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]);
  await writeFile(file, [...all].map((pem) => `${pem.trim()}\n`).join(''), { mode: 0o600 });
  return file;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
