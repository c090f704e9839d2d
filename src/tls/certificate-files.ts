import { readFile } from 'node:fs/promises';
import { Problem } from '../core/problem.ts';
import { readCertificate, type Certificate } from './certificate.ts';

/** Where a certificate lies; absolute. One file may be both. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** @throws Problem `certificate_wrong` that names the file and what is wrong with it. */
export async function readCertificateFiles(files: CertificateFiles): Promise<Certificate> {
  const [chain, key] = await Promise.all([readText(files.certificate), readText(files.key)]);
  const read = readCertificate(chain, key);
  if (read.ok) return read.certificate;
  const file = files.key === files.certificate ? files.certificate : `${files.certificate} with ${files.key}`;
  throw new Problem('certificate_wrong', { file, cause: read.cause });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(
      'certificate_wrong',
      { file, cause: `it cannot be read (${(error as Error).message})` },
      { cause: error },
    );
  }
}
