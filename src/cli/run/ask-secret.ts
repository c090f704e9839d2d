import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks for a value at the terminal and shows nothing of it. */
export async function askSecret(name: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(`secret ${name}: `);
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
