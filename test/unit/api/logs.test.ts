import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { LogRangeView } from '../../../src/core/views/log-view.ts';
import type { StreamMessage } from '../../../src/core/views/stream-message.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
/** How many watch the store or a log at this moment. */
let watchers = 0;
/** Those of the server itself, before anybody reads. */
let own = 0;
beforeAll(async () => {
  server = await startTestServer({
    intake: false,
    change: ({ store, logs }) => ({ store: counted(store, 'onChange'), logs: counted(logs, 'watch') }),
  });
  own = watchers;
});
afterAll(() => server.close());

async function append(logId: string, offset: number, text: string, end = false): Promise<number> {
  const bytes = Buffer.from(text);
  const segments =
    bytes.length === 0 ? [] : [{ length: bytes.length, timeMs: 1_000, stream: 'stdout' as const }];
  await server.deps.logs.append([{ logId, offset, segments, bytes, end }]);
  return offset + bytes.length;
}

describe('a log', () => {
  it('is read by ranges, and downloaded as the same bytes', async () => {
    const logId = newId('att');
    const text = Array.from({ length: 1_000 }, (_, n) => `line ${n} ü\n`).join('');
    await append(logId, 0, text, true);
    const range = (await (
      await server.api('GET', `/logs/${logId}?from=990&count=20`)
    ).json()) as LogRangeView;
    expect(range).toMatchObject({ lines: 1_000, sealed: true, bytes: Buffer.byteLength(text) });
    expect(range.range.map((line) => line.text)).toEqual(
      Array.from({ length: 10 }, (_, n) => `line ${990 + n} ü`),
    );
    const raw = await server.api('GET', `/logs/${logId}/raw`);
    expect(raw.headers.get('content-disposition')).toBe(`attachment; filename="${logId}.log"`);
    expect(await raw.text()).toBe(text);
  });

  it('is searched', async () => {
    const logId = `app_${newId('dep')}`;
    await append(logId, 0, 'one\nan ERROR\n100 % & more\n', true);
    const search = async (query: string): Promise<unknown> =>
      (await server.api('GET', `/logs/${logId}/search?${query}`)).json();
    const state = { bytes: 26, lines: 3, sealed: true };
    expect(await search('text=error')).toEqual({ ...state, found: [1], next: null });
    expect(await search('text=100%20%25%20%26')).toEqual({ ...state, found: [2], next: null });
    expect(await search('text=e&from=1')).toEqual({ ...state, found: [1, 2], next: null });
  });

  it.each(['', 'text=', `text=${'x'.repeat(201)}`, 'text=a&from=-1', 'text=a%00b', 'text=a&text=b'])(
    'is not searched with %s',
    async (query) => {
      const logId = newId('att');
      await append(logId, 0, 'one\n');
      expect((await server.api('GET', `/logs/${logId}/search?${query}`)).status).toBe(400);
    },
  );

  it('tells its length without lines', async () => {
    const logId = newId('dep');
    await append(logId, 0, 'one\ntwo');
    const range = (await (await server.api('GET', `/logs/${logId}?from=0&count=0`)).json()) as LogRangeView;
    expect(range).toMatchObject({ lines: 2, sealed: false, range: [] });
  });

  it.each(['..%2F..%2Fetc%2Fpasswd', 'att_x', '..', 'app_..', 'prj_00000000000000000000000000', '%2e%2e'])(
    'of the id %s is not there',
    async (id) => {
      expect((await server.api('GET', `/logs/${id}`)).status).toBe(404);
      expect((await server.api('GET', `/logs/${id}/raw`)).status).toBe(404);
      expect((await server.api('GET', `/logs/${id}/search?text=x`)).status).toBe(404);
    },
  );

  it.each(['from=-1', 'count=100000', 'from=x', 'from=1e99'])('is not read with %s', async (query) => {
    expect((await server.api('GET', `/logs/${newId('att')}?${query}`)).status).toBe(400);
  });
});

describe('the live stream', () => {
  it('follows several logs, and goes on after a break without a gap', async () => {
    const [one, other] = [newId('att'), newId('att')];
    let end = await append(one, 0, 'a0\na1\n');
    await append(other, 0, 'b0\n');
    const first = await openStream(`log=${one}:0&log=${other}:0`);
    await first.until((lines) => lines.length >= 3);
    end = await append(one, end, 'a2\nhalf');
    await first.until((lines) => lines.includes('half'));
    await first.close();
    await append(one, end, ' and half\na4\n', true);
    const second = await openStream(`log=${one}:0&log=${other}:0`, first.lastId());
    await second.until((lines) => lines.includes('a4'));
    await second.close();
    const seen = new Map([...first.numbered(one), ...second.numbered(one)]);
    expect([...seen.values()]).toEqual(['a0', 'a1', 'a2', 'half and half', 'a4']);
    expect(second.lines()).not.toContain('a0');
  });

  it('is meant to pass through proxies at once', async () => {
    const stream = await openStream('builds=1');
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers.get('x-accel-buffering')).toBe('no');
    expect(stream.headers.get('cache-control')).toMatch(/no-store/);
    await stream.close();
  });

  it('tells deliveries that were there and those that come', async () => {
    await server.deliver('ping', { zen: 'x' }, { id: 'before' });
    const stream = await openStream('deliveries=1');
    const ids = () =>
      stream
        .messages()
        .flatMap((message) => (message.type === 'delivery' ? [message.delivery.hostDeliveryId] : []));
    await expect.poll(ids).toContain('before');
    await server.deliver('ping', { zen: 'x' }, { id: 'after' });
    await expect.poll(ids).toContain('after');
    await stream.close();
  });

  it('lets go of what it watched when the reader is gone', async () => {
    const stream = await openStream(`deliveries=1&log=${newId('att')}:0`);
    await expect.poll(() => watchers).toBe(own + 2);
    await stream.close();
    await expect.poll(() => watchers).toBe(own);
  });

  it.each(['log=..:0', 'log=x', 'builds=2', `log=${'att_'}:1`])('is not opened with %s', async (query) => {
    expect((await server.api('GET', `/stream?${query}`)).status).toBe(400);
  });

  it('ignores a last event id that is none', async () => {
    const logId = newId('att');
    await append(logId, 0, 'x\n');
    const stream = await openStream(`log=${logId}:0`, 'nonsense:1,,../..:9,x');
    await stream.until((lines) => lines.includes('x'));
    await stream.close();
  });
});

/** `target`, with those who called `method` and have not called what it gave them counted in {@link watchers}. */
function counted<T extends object>(target: T, method: keyof T): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      if (typeof value !== 'function') return value;
      const call = value.bind(object) as (...given: unknown[]) => unknown;
      if (key !== method) return call;
      return (...given: unknown[]) => {
        const stop = call(...given) as () => void;
        let isWatching = true;
        watchers += 1;
        return () => {
          if (isWatching) watchers -= 1;
          isWatching = false;
          stop();
        };
      };
    },
  });
}

async function openStream(query: string, lastEventId?: string) {
  const controller = new AbortController();
  const response = await fetch(`${server.url}/api/v1/stream?${query}`, {
    headers: {
      authorization: `Bearer ${server.adminToken}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: controller.signal,
  });
  expect(response.status).toBe(200);
  const messages: StreamMessage[] = [];
  let lastId = '';
  const reading = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        lastId = /^id: (.*)$/m.exec(event)?.[1] ?? lastId;
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) messages.push(JSON.parse(data) as StreamMessage);
      }
    }
  })().catch(() => undefined);
  const numbered = (logId?: string) =>
    messages.flatMap((message) =>
      message.type === 'log' && (logId === undefined || message.logId === logId)
        ? message.lines.map((line): [number, string] => [line.number, line.text])
        : [],
    );
  const lines = () => numbered().map(([, text]) => text);
  return {
    headers: response.headers,
    messages: () => messages,
    lines,
    numbered,
    lastId: () => lastId,
    until: (enough: (lines: string[]) => boolean) =>
      expect.poll(() => enough(lines()), { timeout: 5_000 }).toBe(true),
    close: () => {
      controller.abort();
      return reading;
    },
  };
}
