import type { Certificate } from '../../src/tls/certificate.ts';
import { readCertificateFiles } from '../../src/tls/certificate-files.ts';
import { copiesOf, hostFile, writeCopies, type CertificateCopies } from './certificate-copies.ts';
import { withDirectoryLock } from './directory-lock.ts';
import { findCertificates } from './find-certificates.ts';
import { placesOf } from './generations.ts';
import type { RuntimeClient } from './runtime-client.ts';
import { syncCertificates } from './sync-certificates.ts';

/** What an operator's folder of certificates came to. */
export interface TakenCertificates {
  /** Null: neither the folder nor the router has any. */
  readonly copies: CertificateCopies | null;
  /** By name, those in use. */
  readonly certificates: ReadonlyMap<string, Certificate>;
  /** Problems `certificate_wrong` by name. */
  readonly refused: ReadonlyMap<string, Error>;
}

/**
 * Copies what the operator's folder holds into the router's. HAProxy reads the copies only, each checked before: a bad file
 * stops none of its starts, and a name whose file went bad, or is just being written, keeps what it had.
 * @throws Error when the operator's folder cannot be read.
 */
export function takeCertificates(dir: string, folder: string): Promise<TakenCertificates> {
  return withDirectoryLock(dir, () => take(dir, folder));
}

/** The same, then brings a running HAProxy to it; what it was told, a sentence each. @throws RouterAway, RouterRefused */
export function renewCertificates(
  dir: string,
  folder: string,
  client: RuntimeClient,
): Promise<TakenCertificates & { readonly did: readonly string[] }> {
  return withDirectoryLock(dir, async () => {
    const taken = await take(dir, folder);
    const list = placesOf(dir, 0).certificates;
    const did = taken.copies === null ? [] : await syncCertificates(client, list, taken.copies);
    return { ...taken, did };
  });
}

async function take(dir: string, folder: string): Promise<TakenCertificates> {
  const { certificates: found, refused } = await findCertificates(folder);
  const all = new Map(found);
  for (const name of refused.keys()) {
    const earlier = await earlierCopy(dir, name);
    if (earlier !== null) all.set(name, earlier);
  }
  const certificates = new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  const copies = copiesOf(dir, certificates);
  if (copies !== null) await writeCopies(dir, copies);
  return { copies, certificates, refused };
}

function earlierCopy(dir: string, name: string): Promise<Certificate | null> {
  const file = hostFile(dir, name);
  return readCertificateFiles({ certificate: file, key: file }).catch(() => null);
}
