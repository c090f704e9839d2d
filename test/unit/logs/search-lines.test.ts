import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainText } from '../../../src/core/ansi.ts';
import { newId } from '../../../src/core/id.ts';
import { openFileLogStore, type FileLogStore } from '../../../src/logs/file-log-store.ts';
import { SEARCH } from '../../../src/logs/search-lines.ts';

let folder: string;
let store: FileLogStore;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-logs-'));
  store = openFileLogStore(folder);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function logOf(text: string): Promise<string> {
  const logId = newId('att');
  const bytes = Buffer.from(text);
  const segments = bytes.length > 0 ? [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }] : [];
  await store.append([{ logId, offset: 0, segments, bytes, end: false }]);
  return logId;
}

/** Everything that is found, however many answers it takes. */
async function allOf(logId: string, text: string): Promise<{ found: number[]; answers: number }> {
  const all: number[] = [];
  let answers = 0;
  for (let from: number | null = 0; from !== null; answers++) {
    const { found, next } = await store.searchLines(logId, from, text);
    if (next !== null) expect(next).toBeGreaterThan(from);
    all.push(...found);
    from = next;
  }
  return { found: all, answers };
}

describe('the search of a log', () => {
  it('finds each line that shows the text, once, capitals or not', async () => {
    const logId = await logOf('an Error\nnothing\nerror and ERROR\nerr\nor\nÜBER error');
    expect(await store.searchLines(logId, 0, 'error')).toEqual({ found: [0, 2, 5], next: null });
    expect(await store.searchLines(logId, 1, 'eRRor')).toEqual({ found: [2, 5], next: null });
    expect(await store.searchLines(logId, 0, 'über')).toEqual({ found: [5], next: null });
    expect(await store.searchLines(logId, 6, 'error')).toEqual({ found: [], next: null });
    expect(await store.searchLines(logId, 0, 'r\no')).toEqual({ found: [], next: null });
  });

  it('finds what is shown: through colours, and not what a progress bar has written over', async () => {
    const logId = await logOf(
      '\u001b[31mer\u001b[0mror\nerror\rfixed\n10 %\r\u001b[K20 %\r\nerror\r\n[31m\n',
    );
    expect((await allOf(logId, 'error')).found).toEqual([0, 3]);
    expect((await allOf(logId, 'fixed')).found).toEqual([1]);
    expect((await allOf(logId, '10 %')).found).toEqual([]);
    expect((await allOf(logId, '[31m')).found).toEqual([4]);
  });

  it('of a log that has not begun finds nothing', async () => {
    expect(await store.searchLines(newId('att'), 0, 'x')).toEqual({ found: [], next: null });
  });

  it('finds the same as who reads every line, whatever they are', async () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'ab',
      'A',
      'É',
      'é',
      ' ',
      '\n',
      '\n',
      '\r',
      '\r\n',
      '\b',
      '\u001b[1m',
      '\u001b[K',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
        fc.constantFrom('a', 'ab', 'É', 'b a', 'aba', ' ', 'a\nb'),
        fc.nat(5),
        async (text, wanted, from) => {
          const logId = await logOf(text);
          const lines = await store.readLines(logId, 0, 1_000);
          const shown = lines.filter((line) =>
            plainText(line.text).toLowerCase().includes(wanted.toLowerCase()),
          );
          expect(await store.searchLines(logId, from, wanted)).toEqual({
            found: shown.map(({ number }) => number).filter((number) => number >= from),
            next: null,
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['parameters that never end', `\u001b[${'!'.repeat(250_000)}`],
    ['a sequence that is not closed, over and over', '\u001b[1;'.repeat(60_000)],
    ['titles without an end', '\u001b]0;'.repeat(60_000)],
    ['far columns that are erased', '\u001b[1Gx\u001b[10000G\u001b[1K'.repeat(12_000)],
    ['the same in many lines', `${'\u001b[1Gx\u001b[999G\u001b[1K'.repeat(220)}\n`.repeat(60)],
    ['backspaces', `x${'\b'.repeat(250_000)}`],
  ])('is not held up by %s', async (_what, text) => {
    const logId = await logOf(text);
    const { user } = process.cpuUsage();
    expect((await store.searchLines(logId, 0, 'y')).found).toEqual([]);
    // Some 20 ms; the server does nothing else meanwhile.
    expect((process.cpuUsage().user - user) / 1_000).toBeLessThan(1_500);
  });

  it('goes through a large log in bounded answers, lines longer than a block among them', async () => {
    const lines = Array.from({ length: 150_000 }, (_, n) => `line ${n} of many, ${'-'.repeat(100)}`);
    lines[70_000] = `${'x'.repeat(600_000)}the end`;
    lines[70_001] = 'right after it';
    const logId = await logOf(`${lines.join('\n')}\n`);
    const few = await allOf(logId, '999 of');
    expect(few.found).toEqual(Array.from({ length: 150 }, (_, n) => n * 1_000 + 999));
    expect(few.answers).toBeGreaterThan(1);
    expect(few.answers).toBeLessThan(5);
    expect((await allOf(logId, 'the end')).found).toEqual([70_000]);
    expect((await allOf(logId, 'right after')).found).toEqual([70_001]);
    const first = await store.searchLines(logId, 0, 'line');
    expect(first.found).toEqual(Array.from({ length: SEARCH.found }, (_, n) => n));
    expect(first.next).toBe(SEARCH.found);
    expect((await allOf(logId, 'OF MANY')).found).toHaveLength(149_998);
  });
});
