import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { openFileLogStore, type FileLogStore } from '../../../src/logs/file-log-store.ts';
import { tailLog, type TailBatch } from '../../../src/logs/tail.ts';

let folder: string;
let store: FileLogStore;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-tail-'));
  store = openFileLogStore(folder);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function append(log: string, text: string, end = false): Promise<void> {
  const { bytes: offset } = await store.state(log);
  const bytes = Buffer.from(text);
  const segments = bytes.length > 0 ? [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }] : [];
  await store.append([{ logId: log, offset, segments, bytes, end }]);
}

function texts(batch: TailBatch | undefined): string[] {
  return batch?.lines.map((line) => line.text) ?? [];
}

describe('the tail of a log', () => {
  it('begins at once although nothing is there, follows, and ends with the log', async () => {
    const log = newId('att');
    const tail = tailLog(store, log, 0);
    const next = async () => (await tail.next()).value ?? undefined;
    expect(await next()).toEqual({ lines: [], state: { bytes: 0, lines: 0, sealed: false } });
    const waiting = next();
    await append(log, 'one\ntwo\n');
    expect(texts(await waiting)).toEqual(['one', 'two']);
    await append(log, 'three\n');
    expect(texts(await next())).toEqual(['three']);
    await append(log, '', true);
    expect(await next()).toEqual({ lines: [], state: { bytes: 14, lines: 3, sealed: true } });
    expect(await tail.next()).toEqual({ done: true, value: undefined });
  });

  it('sends an unfinished line again when it has grown, and not when only its newline came', async () => {
    const log = newId('att');
    await append(log, 'whole\nprog');
    const tail = tailLog(store, log, 0);
    expect(texts((await tail.next()).value ?? undefined)).toEqual(['whole', 'prog']);
    await append(log, 'ress\n');
    expect((await tail.next()).value?.lines).toMatchObject([{ number: 1, text: 'progress' }]);
    await append(log, 'dot');
    expect((await tail.next()).value?.lines).toMatchObject([{ number: 2, text: 'dot' }]);
    await append(log, '\nlast', true);
    expect((await tail.next()).value?.lines).toMatchObject([{ number: 3, text: 'last' }]);
    expect((await tail.next()).done).toBe(true);
  });

  it('gives a slow reader fewer, larger batches, and every line', async () => {
    const log = newId('att');
    const tail = tailLog(store, log, 0);
    await tail.next();
    for (let n = 0; n < 300; n++) await append(log, `${n}\n`, n === 299);
    const batches: TailBatch[] = [];
    for await (const batch of tail) batches.push(batch);
    expect(batches.length).toBeLessThanOrEqual(2);
    expect(batches.flatMap(texts)).toEqual(Array.from({ length: 300 }, (_, n) => String(n)));
  });

  it('replays a long log in batches from the line that was asked for', async () => {
    const log = newId('att');
    await append(log, Array.from({ length: 2_000 }, (_, n) => `${n}\n`).join(''), true);
    const numbers: number[] = [];
    for await (const { lines } of tailLog(store, log, 700)) numbers.push(...lines.map((line) => line.number));
    expect(numbers).toEqual(Array.from({ length: 1_300 }, (_, n) => n + 700));
  });

  it('waits for the line that was asked for when the log is shorter, and ends when it never comes', async () => {
    const log = newId('att');
    await append(log, 'only\n');
    const tail = tailLog(store, log, 2);
    expect(texts((await tail.next()).value ?? undefined)).toEqual([]);
    await append(log, 'second\nthird\n');
    expect((await tail.next()).value?.lines).toMatchObject([{ number: 2, text: 'third' }]);
    await append(log, '', true);
    expect((await tail.next()).value?.state.sealed).toBe(true);
    expect((await tail.next()).done).toBe(true);

    const beyond: TailBatch[] = [];
    for await (const batch of tailLog(store, log, 50)) beyond.push(batch);
    expect(beyond).toMatchObject([{ lines: [], state: { sealed: true } }]);
  });

  it('stops waiting when it is aborted, and leaves no watcher', async () => {
    const log = newId('att');
    const abort = new AbortController();
    const tail = tailLog(store, log, 0, abort.signal);
    await tail.next();
    const waiting = tail.next();
    abort.abort();
    expect((await waiting).done).toBe(true);
  });

  it('adds up to the log, however appends and reads mix', async () => {
    const pieces = fc.array(fc.constantFrom('a', 'b\n', '\n', 'cc\ndd\ne', 'é\n'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.scheduler(), async (texts, scheduler) => {
        const log = newId('att');
        const shown: string[] = [];
        const reading = (async () => {
          for await (const { lines } of tailLog(store, log, 0)) {
            for (const { number, text } of lines) {
              expect(number).toBeGreaterThanOrEqual(shown.length - 1);
              expect(number).toBeLessThanOrEqual(shown.length);
              shown[number] = text;
            }
            await scheduler.schedule(Promise.resolve());
          }
        })();
        for (const text of texts) await append(log, text);
        await append(log, '', true);
        await scheduler.waitFor(reading);
        expect(shown).toEqual(
          texts
            .join('')
            .replace(/\n$/, '')
            .split('\n')
            .slice(0, texts.join('') === '' ? 0 : undefined),
        );
      }),
      { numRuns: 100 },
    );
  });
});
