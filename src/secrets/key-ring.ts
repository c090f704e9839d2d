import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { makeFileOnce, makeFolderDurably } from '../files/durable.ts';

/** The keys of a key file, newest first. */
export interface KeyRing {
  readonly current: { readonly id: string; readonly key: Buffer };
  find(id: string): Buffer | null;
}

/**
 * Reads the key file, or makes one at the first start (mode 0600, on disk before it is used). Each line is
 * `<key id> <32 bytes in base64>`; to rotate, put a new line on top and keep the old ones.
 * @throws Problem `configuration_wrong` when the file is readable to others or a line is not a key.
 */
export async function openKeyRing(file: string): Promise<KeyRing> {
  const text = (await readIfThere(file)) ?? (await makeKeyFile(file));
  const keys = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseLine(file, line));
  const current = keys[0];
  if (current === undefined) throw wrong(file, 'has no key');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return { current, find: (id) => byId.get(id) ?? null };
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw wrong(file, 'it is no file');
    if ((found.mode & 0o077) !== 0) throw wrong(file, 'others may read it; run chmod 600');
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw error instanceof Problem ? error : wrong(file, message);
  }
}

/** Of two starters at once both read the same key. */
async function makeKeyFile(file: string): Promise<string> {
  await makeFolderDurably(path.dirname(file));
  const key = `${randomBytes(4).toString('hex')} ${randomBytes(32).toString('base64')}`;
  await makeFileOnce(file, `${key}\n`);
  return readFile(file, 'utf8');
}

function parseLine(file: string, line: string): { id: string; key: Buffer } {
  const [id = '', encoded = ''] = line.trim().split(/\s+/);
  const key = Buffer.from(encoded, 'base64');
  if (!/^[\w-]{1,32}$/.test(id) || key.length !== 32)
    throw wrong(file, 'a line is not "<key id> <32 bytes in base64>"');
  return { id, key };
}

function wrong(file: string, cause: string): Problem {
  return new Problem('configuration_wrong', { name: file, cause });
}
