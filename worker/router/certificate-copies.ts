import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeFolderDurably, replaceDurably, writeNewFile } from '../../src/files/durable.ts';
import type { Certificate } from '../../src/tls/certificate.ts';
import { placesOf } from './generations.ts';

/** One certificate as HAProxy reads it, chain and key in one file. */
export interface CertificateCopy {
  /** Absolute. */
  readonly file: string;
  readonly certificate: Certificate;
}

/** Those for hosts, and the one for whoever asks for none of them. */
export interface CertificateCopies {
  readonly fallback: CertificateCopy;
  readonly hosts: readonly CertificateCopy[];
}

/** The copies of `certificates` that a router's folder is to hold: the fallback is the one named `default`, else the first. Null without any. */
export function copiesOf(
  dir: string,
  certificates: ReadonlyMap<string, Certificate>,
): CertificateCopies | null {
  const folder = path.dirname(placesOf(dir, 0).certificates);
  const [first] = certificates.values();
  const fallback = certificates.get('default') ?? first;
  if (fallback === undefined) return null;
  const hosts = [...certificates].map(([name, certificate]) => ({
    file: hostFile(dir, name),
    certificate,
  }));
  return { fallback: { file: path.join(folder, 'default.pem'), certificate: fallback }, hosts };
}

/** Where the copy of the certificate of that name lies. */
export function hostFile(dir: string, name: string): string {
  return path.join(path.dirname(placesOf(dir, 0).certificates), `host-${name}.pem`);
}

/**
 * Makes the router's folder hold exactly these, durable when this resolves. HAProxy starts from whatever a crash leaves:
 * a file is whole, and there before the list names it.
 */
export async function writeCopies(dir: string, copies: CertificateCopies): Promise<void> {
  const list = placesOf(dir, 0).certificates;
  const folder = path.dirname(list);
  await makeFolderDurably(folder, 0o700);
  const all = [copies.fallback, ...copies.hosts];
  for (const copy of all) await writeIfOther(copy.file, pemOf(copy));
  await writeIfOther(list, listText(copies));
  const wanted = new Set([list, ...all.map(({ file }) => file)]);
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (!wanted.has(file)) await rm(file, { force: true });
  }
}

/** Chain and key, without empty lines: one would end them in a command of HAProxy's runtime API. */
export function pemOf({ certificate }: CertificateCopy): string {
  return `${certificate.chain}${certificate.key}`.replace(/\n{2,}/g, '\n');
}

/** `!*`: the fallback answers for no host by its names, which the same certificate among the others does. */
function listText({ fallback, hosts }: CertificateCopies): string {
  return [`${fallback.file} !*`, ...hosts.map(({ file }) => file)].map((line) => `${line}\n`).join('');
}

async function writeIfOther(file: string, text: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => null)) === text) return;
  await replaceDurably(file, (aside) => writeNewFile(aside, text));
}
