import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * Asks for a value at the terminal and shows nothing of it. Ctrl-C, Ctrl-D and `signal` end the question.
 * @throws AbortError.
 */
export async function askSecret(name: string, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const left = new AbortController();
  // The terminal sends no signal while it shows nothing.
  lines.once('SIGINT', () => left.abort()).once('close', () => left.abort());
  process.stderr.write(`secret ${name}: `);
  try {
    return await lines.question('', { signal: AbortSignal.any([signal, left.signal]) });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
