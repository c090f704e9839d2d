import { setTimeout } from 'node:timers/promises';
import type { LogLine, LogState } from '../core/log.ts';
import type { LogStore } from '../ports/log-store.ts';

/** Lines that follow those of the batch before, and the log's state when they were read. */
export interface TailBatch {
  readonly lines: readonly LogLine[];
  readonly state: LogState;
}

/** Lines in one batch. */
export const TAIL_LINES = 500;
/** An unfinished line longer than this comes again at most every {@link TAIL_PAUSE_MS}. */
const TAIL_SMALL_TEXT = 4 * 1024;
const TAIL_PAUSE_MS = 250;

/**
 * The lines of a log from `fromLine` on: what is there, then what comes, until the log's end (or `signal`). Without
 * gap or repetition, but for an unfinished last line, which comes again when it has grown. Nothing is kept for a
 * reader: one that is slow reads its next lines from the files, so it gets larger batches and never misses any.
 * The first batch comes at once, empty if need be; the last one's state is `sealed`.
 */
export async function* tailLog(
  store: LogStore,
  logId: string,
  fromLine: number,
  signal?: AbortSignal,
): AsyncGenerator<TailBatch, void, void> {
  const growth = watchGrowth(store, logId, signal);
  try {
    let sent: LogLine | null = null;
    for (let isFirst = true; signal?.aborted !== true; isFirst = false) {
      growth.reset();
      const state = await store.state(logId);
      const from: number = sent?.number ?? fromLine;
      const read: readonly LogLine[] =
        from < state.lines ? await store.readLines(logId, from, TAIL_LINES) : [];
      const lines = read.filter((line) => line.number !== sent?.number || line.text !== sent.text);
      sent = read.at(-1) ?? sent;
      const count = Math.max(state.lines, sent === null ? 0 : sent.number + 1);
      const isAll = sent === null || sent.number + 1 >= count || from >= state.lines;
      if (isFirst || lines.length > 0 || (state.sealed && isAll))
        yield { lines, state: { ...state, lines: count } };
      if (!isAll) continue;
      if (state.sealed) return;
      await growth.next();
      if (sent !== null && sent.text.length > TAIL_SMALL_TEXT) await pause(TAIL_PAUSE_MS, signal);
    }
  } finally {
    growth.stop();
  }
}

/** A flag that growth raises, and that can be awaited. */
function watchGrowth(store: LogStore, logId: string, signal: AbortSignal | undefined) {
  let hasGrown = false;
  let wake: () => void = () => undefined;
  const raise = () => {
    hasGrown = true;
    wake();
  };
  const unwatch = store.watch(logId, raise);
  signal?.addEventListener('abort', raise);
  return {
    reset: () => {
      hasGrown = false;
    },
    next: () =>
      new Promise<void>((resolve) => {
        if (hasGrown || signal?.aborted === true) resolve();
        wake = resolve;
      }),
    stop: () => {
      unwatch();
      signal?.removeEventListener('abort', raise);
    },
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
