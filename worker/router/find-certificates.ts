import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Certificate } from '../../src/tls/certificate.ts';
import { readCertificateFiles, type CertificateFiles } from '../../src/tls/certificate-files.ts';

/** What an operator's folder of certificates holds. */
export interface FoundCertificates {
  /** Usable ones by name, in the order of their names. */
  readonly certificates: ReadonlyMap<string, Certificate>;
  /** Problems `certificate_wrong` by the name of what cannot be used. */
  readonly refused: ReadonlyMap<string, Error>;
}

/**
 * Looks for `NAME.pem` with chain and key, `NAME.crt` with `NAME.key`, and `NAME/fullchain.pem` with `NAME/privkey.pem`, which is
 * how certbot leaves them; what else is there is passed over. One that cannot be used keeps no other out.
 * @throws Error when the folder cannot be read.
 */
export async function findCertificates(folder: string): Promise<FoundCertificates> {
  const places = new Map<string, CertificateFiles>();
  for (const entry of await readdir(folder)) {
    const [name, files] = placeOf(folder, entry, await contentOf(path.join(folder, entry)));
    if (files !== null && NAME.test(name)) places.set(name, files);
  }
  const certificates = new Map<string, Certificate>();
  const refused = new Map<string, Error>();
  for (const name of [...places.keys()].sort()) {
    const files = places.get(name);
    if (files === undefined) continue;
    try {
      certificates.set(name, await readCertificateFiles(files));
    } catch (error) {
      refused.set(name, error as Error);
    }
  }
  return { certificates, refused };
}

/** Safe in HAProxy's list of certificates, where spaces and brackets mean something. */
const NAME = /^[A-Za-z0-9_*][A-Za-z0-9_.*-]{0,200}$/;

function placeOf(
  folder: string,
  entry: string,
  content: readonly string[] | null,
): readonly [string, CertificateFiles | null] {
  const full = path.join(folder, entry);
  const [, name = entry, ending] = /^(.+)\.(pem|crt)$/.exec(entry) ?? [];
  if (content !== null) {
    const isCertbots = content.includes('fullchain.pem') && content.includes('privkey.pem');
    const files = { certificate: path.join(full, 'fullchain.pem'), key: path.join(full, 'privkey.pem') };
    return [entry, isCertbots ? files : null];
  }
  if (ending === 'pem') return [name, { certificate: full, key: full }];
  if (ending === 'crt') return [name, { certificate: full, key: path.join(folder, `${name}.key`) }];
  return [name, null];
}

/** Names in a folder; null for what is none. */
function contentOf(place: string): Promise<readonly string[] | null> {
  return readdir(place).catch(() => null);
}
