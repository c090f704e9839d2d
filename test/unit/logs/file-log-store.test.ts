import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { LogChunk, LogState, LogStream } from '../../../src/core/log.ts';
import { openFileLogStore, type FileLogStore } from '../../../src/logs/file-log-store.ts';
import { logPath } from '../../../src/logs/log-path.ts';
import { DISPLAY } from '../../../src/logs/read-lines.ts';

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

async function reopen(): Promise<void> {
  await store.close();
  store = openFileLogStore(folder);
}

function chunkOf(logId: string, offset: number, text: string, change: Partial<LogChunk> = {}): LogChunk {
  const bytes = Buffer.from(text);
  const segments = bytes.length > 0 ? [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }] : [];
  return { logId, offset, segments, bytes, end: false, ...change };
}

async function textOf(logId: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.stream(logId)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('the log store', () => {
  it('knows a log that has not begun as empty, without making files', async () => {
    const log = newId('att');
    expect(await store.state(log)).toEqual({ bytes: 0, lines: 0, sealed: false });
    expect(await store.readLines(log, 0, 10)).toEqual([]);
    expect(await textOf(log)).toBe('');
    await expect(stat(`${logPath(folder, log)}.log`)).rejects.toThrow('ENOENT');
  });

  it('keeps exactly the bytes, and says when and from where each line came', async () => {
    const log = newId('dep');
    await store.append([
      chunkOf(log, 0, 'one\ntwo\nthr', {
        segments: [
          { length: 4, timeMs: 10, stream: 'stdout' },
          { length: 7, timeMs: 20, stream: 'stderr' },
        ],
      }),
    ]);
    const durable = await store.append([
      chunkOf(log, 11, 'ee\n\nfive', { segments: [{ length: 8, timeMs: 30, stream: 'system' }] }),
    ]);
    expect(durable).toEqual(new Map([[log, 19]]));
    expect(await readFile(`${logPath(folder, log)}.log`, 'utf8')).toBe('one\ntwo\nthree\n\nfive');
    expect(await store.readLines(log, 0, 100)).toEqual([
      { number: 0, timeMs: 10, stream: 'stdout', text: 'one' },
      { number: 1, timeMs: 20, stream: 'stderr', text: 'two' },
      { number: 2, timeMs: 20, stream: 'stderr', text: 'three' },
      { number: 3, timeMs: 30, stream: 'system', text: '' },
      { number: 4, timeMs: 30, stream: 'system', text: 'five' },
    ]);
    expect(await store.state(log)).toEqual({ bytes: 19, lines: 5, sealed: false });
    expect(Buffer.from(await store.readBytes(log, 4, 5)).toString()).toBe('two\nt');
  });

  it('takes a repetition without change, an overlap from where it is new, and refuses a gap with the offset it expects', async () => {
    const log = newId('att');
    await store.append([chunkOf(log, 0, 'hello ')]);
    expect(await store.append([chunkOf(log, 0, 'hel')])).toEqual(new Map([[log, 6]]));
    expect(await store.append([chunkOf(log, 3, 'lo world')])).toEqual(new Map([[log, 11]]));
    await expect(store.append([chunkOf(log, 12, '!')])).rejects.toMatchObject({
      code: 'log_offset_wrong',
      details: { log, expected: 11, offset: 12 },
    });
    expect(await textOf(log)).toBe('hello world');
  });

  it('appends to the other logs of a request although one of them has a gap', async () => {
    const [good, bad] = [newId('att'), newId('att')];
    await expect(store.append([chunkOf(bad, 5, 'x'), chunkOf(good, 0, 'y')])).rejects.toMatchObject({
      details: { log: bad, expected: 0 },
    });
    expect(await textOf(good)).toBe('y');
  });

  it('is sealed by its end, which may come again, and takes no byte after it', async () => {
    const log = newId('att');
    await store.append([chunkOf(log, 0, 'done\n')]);
    const end = chunkOf(log, 5, '', { end: true });
    await store.append([end]);
    expect(await store.append([end])).toEqual(new Map([[log, 5]]));
    expect(await store.append([chunkOf(log, 0, 'done\n')])).toEqual(new Map([[log, 5]]));
    await expect(store.append([chunkOf(log, 5, 'late')])).rejects.toMatchObject({ code: 'already_ended' });
    await reopen();
    expect(await store.state(log)).toEqual({ bytes: 5, lines: 1, sealed: true });
  });

  it('ends the log of a lost writer on a line of its own, whatever is appended at the same time', async () => {
    const log = newId('att');
    const late = store.append([chunkOf(log, 0, 'half a li')]);
    const sealing = store.seal(log, 'the worker was lost here', 9);
    const tooLate = store.append([chunkOf(log, 9, 'ne that goes on for longer than the notice')]);
    await Promise.all([late, sealing, expect(tooLate).rejects.toMatchObject({ code: 'already_ended' })]);
    await store.seal(log, 'again', 10);
    expect(await textOf(log)).toBe('half a li\nthe worker was lost here\n');
    expect(await store.readLines(log, 1, 2)).toMatchObject([{ timeMs: 9, stream: 'system' }]);
    expect(await store.state(log)).toMatchObject({ sealed: true });
  });

  it('writes appends that wait for the same disk together, each answered with what is durable', async () => {
    const log = newId('att');
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        store.append([chunkOf(log, n * 4, `${String(n).padStart(3, '0')}\n`)]),
      ),
    );
    answers.forEach((answer, n) => expect(answer.get(log)).toBeGreaterThanOrEqual((n + 1) * 4));
    expect((await store.readLines(log, 0, 500)).map((line) => Number(line.text))).toEqual(
      Array.from({ length: 200 }, (_, n) => n),
    );
    const { size } = await stat(`${logPath(folder, log)}.idx`);
    expect(size / 24).toBeLessThan(40);
  });

  it('calls watchers after each durable append and seal, until they unsubscribe', async () => {
    const log = newId('att');
    const seen: LogState[] = [];
    const stop = store.watch(log, (state) => seen.push(state));
    await store.append([chunkOf(log, 0, 'a\nb')]);
    await store.append([chunkOf(log, 0, 'a')]);
    await store.append([chunkOf(log, 3, '', { end: true })]);
    stop();
    expect(seen).toEqual([
      { bytes: 3, lines: 2, sealed: false },
      { bytes: 3, lines: 2, sealed: true },
    ]);
  });

  it('refuses ids that are no ids of a log', async () => {
    for (const id of ['../../../etc/passwd', 'att_', 'att_/../x', ''])
      await expect(store.state(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('forgets a removed log', async () => {
    const log = newId('att');
    await store.append([chunkOf(log, 0, 'gone')]);
    await store.remove(log);
    expect(await store.state(log)).toEqual({ bytes: 0, lines: 0, sealed: false });
  });

  it('works with many more logs than it keeps open', async () => {
    const logs = Array.from({ length: 300 }, () => newId('att'));
    await Promise.all(logs.map((log) => store.append([chunkOf(log, 0, `${log}\n`)])));
    for (const log of logs) await store.append([chunkOf(log, log.length + 1, 'more')]);
    for (const log of logs) expect(await textOf(log)).toBe(`${log}\nmore`);
  });

  it('reads back any lines, cut and appended anyhow, as splitting the bytes would', async () => {
    const piece = fc.record({
      text: fc.oneof(
        fc.string(),
        fc.constantFrom('\n', 'a\n\n', 'é€😀\n', 'x'.repeat(700), '\n'.repeat(700)),
      ),
      stream: fc.constantFrom<LogStream>('stdout', 'stderr', 'system'),
      timeMs: fc.nat(5),
      reopened: fc.constantFrom(false, false, false, true),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 20 }),
        fc.nat(2_000),
        fc.nat(600),
        async (pieces, from, count) => {
          const log = newId('att');
          let whole = Buffer.alloc(0);
          const origin: { timeMs: number; stream: LogStream }[] = [];
          for (const { text, stream, timeMs, reopened } of pieces) {
            const bytes = Buffer.from(text);
            const segments = bytes.length > 0 ? [{ length: bytes.length, timeMs, stream }] : [];
            await store.append([{ logId: log, offset: whole.length, segments, bytes, end: false }]);
            whole = Buffer.concat([whole, bytes]);
            for (let n = 0; n < bytes.length; n++) origin.push({ timeMs, stream });
            if (reopened) await reopen();
          }
          const expected = splitLines(whole).map(({ offset, text }, number) => ({
            number,
            text,
            ...origin[offset],
          }));
          const state = await store.state(log);
          expect(state).toEqual({ bytes: whole.length, lines: expected.length, sealed: false });
          const start = state.lines > 0 ? from % (state.lines + 2) : from;
          expect(await store.readLines(log, start, count)).toEqual(expected.slice(start, start + count));
          expect(await textOf(log)).toBe(whole.toString());
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a very long line', () => {
  const long = `${'h'.repeat(100_000)}${'m'.repeat(200_000)}${'t'.repeat(100_000)}`;

  it.each([true, false])('is kept whole, and shown by its head and tail (ended: %s)', async (ended) => {
    const log = newId('att');
    const text = `before\n${long}${ended ? '\nafter\n' : ''}`;
    for (let offset = 0; offset < text.length; offset += 30_000)
      await store.append([chunkOf(log, offset, text.slice(offset, offset + 30_000))]);
    expect(await textOf(log)).toBe(text);
    const lines = await store.readLines(log, 0, 10);
    const left = long.length - DISPLAY.headBytes - DISPLAY.tailBytes;
    const shown = `${'h'.repeat(DISPLAY.headBytes)}… ${left} bytes are in the raw log …${'t'.repeat(DISPLAY.tailBytes)}`;
    expect(lines.map((line) => line.text === shown)).toEqual([false, true, ...(ended ? [false] : [])]);
    expect((await store.readLines(log, 1, 1))[0]?.text === shown).toBe(true);
  });

  it('makes one read end early instead of growing without bound', async () => {
    const log = newId('att');
    const line = `${'x'.repeat(60_000)}\n`;
    for (let n = 0; n < 100; n++) await store.append([chunkOf(log, n * line.length, line)]);
    const lines = await store.readLines(log, 3, 90);
    expect(lines.length).toBeGreaterThan(60);
    expect(lines.length).toBeLessThan(75);
    expect(lines[0]?.number).toBe(3);
  });
});

describe('after a crash', () => {
  const acknowledged = 'acknowledged\nlines\n';
  let log: string;
  let base: string;

  beforeEach(async () => {
    log = newId('att');
    base = logPath(folder, log);
    await store.append([chunkOf(log, 0, 'acknowledged\n')]);
    await store.append([chunkOf(log, 13, 'lines\n')]);
  });

  /** Files as a third append would leave them if it had been cut off anywhere. */
  async function filesOfThirdAppend(): Promise<{ log: Buffer; index: Buffer; before: number }> {
    const before = (await stat(`${base}.idx`)).size;
    await store.append([chunkOf(log, 19, 'never answered\nhalf')]);
    await store.close();
    return { log: await readFile(`${base}.log`), index: await readFile(`${base}.idx`), before };
  }

  it('drops a torn tail wherever it is torn, keeps what was acknowledged, and goes on', async () => {
    const whole = await filesOfThirdAppend();
    for (let cut = 0; cut < whole.index.length - whole.before; cut += 5) {
      await writeFile(`${base}.log`, whole.log.subarray(0, 19 + (cut % (whole.log.length - 19))));
      await writeFile(`${base}.idx`, whole.index.subarray(0, whole.before + cut));
      await reopen();
      expect(await store.state(log)).toEqual({ bytes: 19, lines: 2, sealed: false });
      expect(await textOf(log)).toBe(acknowledged);
      expect((await stat(`${base}.log`)).size).toBe(19);
      expect((await stat(`${base}.idx`)).size).toBe(whole.before);
      await store.append([chunkOf(log, 19, 'on\n')]);
      expect((await store.readLines(log, 2, 1))[0]?.text).toBe('on');
    }
  });

  it('does not take a batch for whole whose bytes never came to the disk', async () => {
    const whole = await filesOfThirdAppend();
    const holed = Buffer.from(whole.log);
    holed.fill(0, 22, 30);
    await writeFile(`${base}.log`, holed);
    store = openFileLogStore(folder);
    expect(await textOf(log)).toBe(acknowledged);
  });

  it('does not take a batch for whole whose index has a hole', async () => {
    const whole = await filesOfThirdAppend();
    const holed = Buffer.from(whole.index);
    holed.fill(0, whole.before, whole.before + 24);
    await writeFile(`${base}.idx`, holed);
    store = openFileLogStore(folder);
    expect(await textOf(log)).toBe(acknowledged);
  });

  it('cuts off what a stranger appended', async () => {
    await store.close();
    await appendFile(`${base}.log`, 'rubbish');
    await appendFile(`${base}.idx`, Buffer.alloc(24 * 3_000));
    store = openFileLogStore(folder);
    expect(await textOf(log)).toBe(acknowledged);
  });

  it('shows the earlier part when the disk lost the end of the bytes', async () => {
    await store.close();
    await truncate(`${base}.log`, 15);
    store = openFileLogStore(folder);
    expect(await textOf(log)).toBe('acknowledged\n');
  });
});

function splitLines(bytes: Buffer): { offset: number; text: string }[] {
  const lines: { offset: number; text: string }[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const newline = bytes.indexOf(10, offset);
    const end = newline < 0 ? bytes.length : newline;
    lines.push({ offset, text: bytes.toString('utf8', offset, end) });
    offset = end + 1;
  }
  return lines;
}
