import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { WrongValue } from './call-server.ts';

/**
 * A secret value: of a file, or of standard input, without its last line break. Never of an argument, which every
 * user of the machine sees.
 */
export async function readSecret(file: string | undefined, what: string): Promise<string> {
  const raw = file === undefined ? await readInput(what) : await readSecretFile(file);
  const value = raw.replace(/\r?\n$/, '');
  if (value === '') throw new WrongValue(`the ${what} is empty`);
  return value;
}

async function readSecretFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new WrongValue(`the file ${file} ${why}`, { cause: error });
  });
}

async function readInput(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`${what} (end with Ctrl-D): `);
  return text(process.stdin);
}
