import { X509Certificate } from 'node:crypto';
import { pemOf, type CertificateCopies, type CertificateCopy } from './certificate-copies.ts';
import type { RuntimeClient } from './runtime-client.ts';

/**
 * Brings a running HAProxy to the copies in its folder without a reload (management.txt, `new`, `set` and `commit ssl
 * cert`, `add` and `del ssl crt-list`): connections that are open go on, new ones get the new certificate. One that was
 * started without TLS is left alone. Harmless twice.
 * @returns What it did, a sentence each.
 * @throws RouterAway, RouterRefused
 */
export async function syncCertificates(
  client: RuntimeClient,
  list: string,
  { fallback, hosts }: CertificateCopies,
): Promise<readonly string[]> {
  if (!lines(await client.ask('show ssl crt-list')).includes(list)) return [];
  const loaded = lines(await client.ask('show ssl cert'));
  // What a worker that was killed has begun: one at a time is possible.
  for (const begun of loaded.filter((line) => line.startsWith('*')))
    await client.tell(`abort ssl cert ${begun.slice(1)}`, says('Transaction aborted'));
  const did: string[] = [];
  for (const copy of [fallback, ...hosts]) {
    const isLoaded = loaded.includes(copy.file);
    if (isLoaded && isSame(await running(client, copy.file), copy)) continue;
    if (!isLoaded) await client.tell(`new ssl cert ${copy.file}`, says('New empty certificate store'));
    await replace(client, copy);
    did.push(`${isLoaded ? 'renewed' : 'added'} ${copy.file}`);
  }
  const listed = lines(await client.ask(`show ssl crt-list ${list}`)).map((line) => line.split(' ')[0] ?? '');
  for (const { file } of hosts)
    if (!listed.includes(file)) await client.tell(`add ssl crt-list ${list} ${file}`, says('Success!'));
  const wanted = new Set([fallback, ...hosts].map(({ file }) => file));
  for (const file of listed.filter((one) => !wanted.has(one))) {
    await client.tell(`del ssl crt-list ${list} ${file}`, says('deleted in crtlist'));
    await client.tell(`del ssl cert ${file}`, says('deleted'));
    did.push(`removed ${file}`);
  }
  return did;
}

/** Takes a new content in two commands; what HAProxy refuses leaves the one of before in use. */
async function replace(client: RuntimeClient, copy: CertificateCopy): Promise<void> {
  try {
    await client.tell(`set ssl cert ${copy.file} <<\n${pemOf(copy)}`, says('Transaction'));
    await client.tell(`commit ssl cert ${copy.file}`, says('Success!'));
  } catch (error) {
    await client.ask(`abort ssl cert ${copy.file}`);
    throw error;
  }
}

/** What HAProxy tells of a certificate that it has loaded. */
async function running(client: RuntimeClient, file: string): Promise<{ leaf: string; issuers: number }> {
  const text = await client.ask(`show ssl cert ${file}`);
  return {
    leaf: /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(text)?.[1] ?? '',
    issuers: text.match(/^Chain Subject: /gm)?.length ?? 0,
  };
}

/** By the leaf, and by how many follow it: an authority that was forgotten is added later. SHA-1 is what HAProxy tells; it secures nothing here. */
function isSame(
  { leaf, issuers }: { leaf: string; issuers: number },
  { certificate }: CertificateCopy,
): boolean {
  const own = certificate.chain.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  return (
    leaf === new X509Certificate(certificate.chain).fingerprint.replaceAll(':', '') && issuers === own - 1
  );
}

const lines = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const says =
  (words: string) =>
  (answer: string): boolean =>
    answer.includes(words);
