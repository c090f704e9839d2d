import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamMessage } from '../../../src/core/views/stream-message.ts';
import { openStream } from '../../../web/stream.ts';

/** A browser's EventSource in the hands of a test. */
class FakeSource {
  static readonly CLOSED = 2;
  static opened: FakeSource[] = [];
  readyState = 0;
  onopen = (): void => undefined;
  onerror = (): void => undefined;
  onmessage = (_event: { data: string }): void => undefined;
  readonly url: string;
  constructor(url: string) {
    this.url = decodeURIComponent(url);
    FakeSource.opened.push(this);
  }
  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
  /** Any answer but 200: the browser does not try again. */
  refuse(): void {
    this.close();
    this.onerror();
  }
  say(message: StreamMessage): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.opened = [];
  vi.stubGlobal('EventSource', FakeSource);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const last = () => {
  const source = FakeSource.opened.at(-1);
  if (source === undefined) throw new Error('nothing was opened');
  return source;
};

it('subscribes to all of a page with one connection', () => {
  openStream(
    { builds: true, build: ['a', 'b'], environment: ['e'], logs: [{ logId: 'l', from: 7 }] },
    () => undefined,
  );
  expect(FakeSource.opened.map(({ url }) => url)).toEqual([
    '/api/v1/stream?builds=1&build=a&build=b&environment=e&log=l:7',
  ]);
});

it('leaves a broken connection to the browser, which knows the last event', () => {
  const told: boolean[] = [];
  openStream(
    { builds: true },
    () => undefined,
    (connected) => told.push(connected),
  );
  last().onopen();
  last().onerror();
  vi.advanceTimersByTime(10_000);
  expect(FakeSource.opened).toHaveLength(1);
  expect(told).toEqual([true, false]);
});

it('opens again what the browser gave up, with logs from the last line that came', () => {
  const messages: StreamMessage[] = [];
  openStream({ logs: [{ logId: 'l', from: 0 }] }, (message) => messages.push(message));
  const line = { number: 41, timeMs: 0, stream: 'stdout' as const, text: 'x' };
  last().say({ type: 'log', logId: 'l', lines: [line], state: { bytes: 9, lines: 42, sealed: false } });
  last().refuse();
  vi.advanceTimersByTime(10_000);
  expect(FakeSource.opened).toHaveLength(2);
  expect(last().url).toContain('log=l:41');
  last().say({ type: 'log', logId: 'l', lines: [line], state: { bytes: 9, lines: 42, sealed: true } });
  expect(messages).toHaveLength(2);
});

it('tries a server that goes on refusing less and less often', () => {
  openStream({ builds: true }, () => undefined);
  const opened = () => FakeSource.opened.length;
  const tries: number[] = [];
  for (let second = 0; second <= 100; second++) {
    if (last().readyState !== FakeSource.CLOSED) {
      tries.push(second);
      last().refuse();
    }
    vi.advanceTimersByTime(1_000);
  }
  expect(tries).toEqual([0, 2, 6, 14, 30, 60, 90]);
  last().onopen();
  last().refuse();
  const before = opened();
  vi.advanceTimersByTime(2_000);
  expect(opened()).toBe(before + 1);
});

it('is not opened again once it was closed', () => {
  const close = openStream({ builds: true }, () => undefined);
  last().refuse();
  close();
  vi.advanceTimersByTime(10_000);
  expect(FakeSource.opened).toHaveLength(1);
});
