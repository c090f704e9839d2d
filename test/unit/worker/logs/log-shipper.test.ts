import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/id.ts';
import type { LogStream } from '../../../../src/core/log.ts';
import { decodeFrames } from '../../../../src/protocol/frames.ts';
import { LogShipper, type ShipperOptions } from '../../../../worker/logs/log-shipper.ts';
import { MASK } from '../../../../worker/logs/redactor.ts';
import { waitFor } from '../../../support/wait.ts';

let spoolDir: string;
let shippers: LogShipper[];

beforeEach(async () => {
  spoolDir = await mkdtemp(path.join(tmpdir(), 'slipway-spool-'));
  shippers = [];
});

afterEach(async () => {
  await Promise.all(shippers.map((shipper) => shipper.stop(new Error('the test is over'))));
  await rm(spoolDir, { recursive: true, force: true });
});

/** Takes bodies as the server does; fails at a gap. */
class Receiver {
  readonly logs = new Map<string, Buffer>();
  readonly ended = new Set<string>();
  readonly requests: number[] = [];
  #gate: Promise<void> = Promise.resolve();

  /** Answers wait from now on until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  readonly post = async (body: Uint8Array): Promise<void> => {
    this.requests.push(performance.now());
    const chunks = decodeFrames(body);
    await this.#gate;
    for (const { logId, offset, bytes, end } of chunks) {
      const before = this.logs.get(logId) ?? Buffer.alloc(0);
      expect(offset).toBe(before.length);
      expect(this.ended.has(logId)).toBe(false);
      this.logs.set(logId, Buffer.concat([before, bytes]));
      if (end) this.ended.add(logId);
    }
  };

  text(logId: string): string {
    return this.logs.get(logId)?.toString() ?? '';
  }
}

function ship(receiver: Receiver, options: Partial<ShipperOptions> = {}): LogShipper {
  const shipper = new LogShipper({ spoolDir, tickMs: 10, post: receiver.post, ...options });
  shippers.push(shipper);
  return shipper;
}

describe('the shipper of logs', () => {
  it('delivers every byte of every log in order, with its secrets masked and its end last', async () => {
    const write = fc.record({
      log: fc.nat(2),
      stream: fc.constantFrom<LogStream>('stdout', 'stderr', 'system'),
      text: fc.oneof(fc.string(), fc.constantFrom('tok', 'en-1', 'token-1', 'x'.repeat(70_000))),
      pauseMs: fc.constantFrom(0, 0, 0, 3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 25 }), async (writes) => {
        const receiver = new Receiver();
        const shipper = ship(receiver, { tickMs: 2, memoryBytes: 50_000 });
        const ids = [newId('att'), newId('att'), newId('dep')];
        const sinks = ids.map((id) => shipper.open(id, ['token-1']));
        const written = ids.map(() => ({ stdout: '', stderr: '', system: '' }));
        for (const { log, stream, text, pauseMs } of writes) {
          await sinks[log]?.write(stream, Buffer.from(text));
          const all = written[log];
          if (all !== undefined) all[stream] += text;
          if (pauseMs > 0) await setTimeout(pauseMs);
        }
        const lengths = await Promise.all(sinks.map((sink) => sink.end()));
        for (const [n, id] of ids.entries()) {
          expect(await shipper.delivered(id)).toBe(lengths[n]);
          const got = receiver.text(id);
          expect(Buffer.byteLength(got)).toBe(lengths[n]);
          expect(receiver.ended.has(id)).toBe(true);
          const masked = Object.values(written[n] ?? {}).map((text) => text.replaceAll(/(token-1)+/g, MASK));
          expect([...got].sort().join('')).toBe([...masked.join('')].sort().join(''));
        }
        await shipper.stop(new Error('done'));
        expect(await readdir(spoolDir)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('sends the first output at once', async () => {
    const receiver = new Receiver();
    const log = newId('att');
    await ship(receiver, { tickMs: 3_600_000 }).open(log, []).say('first');
    await waitFor('it came', () => receiver.text(log) === 'first\n');
  });

  it('sends what follows at most once a tick', async () => {
    const tickMs = 60;
    const receiver = new Receiver();
    const sink = ship(receiver, { tickMs }).open(newId('att'), []);
    const start = performance.now();
    while (receiver.requests.length < 5) {
      await sink.say('a line');
      await setTimeout(10);
    }
    // A timer may fire a millisecond early.
    receiver.requests.forEach((at, n) => expect(at - start).toBeGreaterThanOrEqual(n * (tickMs - 1)));
  });

  it('does not wait for the tick with the end of a log', async () => {
    const receiver = new Receiver();
    const shipper = ship(receiver, { tickMs: 5_000 });
    const log = newId('att');
    const sink = shipper.open(log, []);
    await sink.say('first');
    await setTimeout(20);
    await sink.say('last');
    await sink.end();
    expect(await shipper.delivered(log)).toBe(11);
  });

  it('sends the last words of a log and its end in one request', async () => {
    const receiver = new Receiver();
    const shipper = ship(receiver, { tickMs: 3_600_000 });
    const log = newId('att');
    const sink = shipper.open(log, []);
    await sink.say('one');
    await sink.say('two');
    await sink.end();
    await shipper.delivered(log);
    expect(receiver.text(log)).toBe('one\ntwo\n');
    expect(receiver.requests).toHaveLength(1);
  });

  it('has one request under way at a time, however many logs there are', async () => {
    let underWay = 0;
    let most = 0;
    const post = async () => {
      most = Math.max(most, ++underWay);
      await setTimeout(5);
      underWay -= 1;
    };
    const shipper = ship(new Receiver(), { post, tickMs: 1 });
    const ids = Array.from({ length: 5 }, () => newId('att'));
    const sinks = ids.map((id) => shipper.open(id, []));
    for (let n = 0; n < 20; n++)
      await Promise.all(sinks.map((sink) => sink.write('stdout', Buffer.alloc(30_000))));
    await Promise.all(sinks.map((sink) => sink.end()));
    await Promise.all(ids.map((id) => shipper.delivered(id)));
    expect(most).toBe(1);
  });

  it('spools to the disk while the server is away, and delivers it in order when it is back', async () => {
    const receiver = new Receiver();
    const answer = receiver.hold();
    const shipper = ship(receiver, { memoryBytes: 100_000 });
    const log = newId('att');
    const sink = shipper.open(log, []);
    const line = (n: number) => `${String(n).padStart(99, '.')}\n`;
    for (let n = 0; n < 20_000; n++) await sink.write('stdout', Buffer.from(line(n)));
    expect((await readdir(spoolDir)).length).toBeGreaterThan(0);
    answer();
    await sink.end();
    await shipper.delivered(log);
    expect(receiver.text(log)).toBe(Array.from({ length: 20_000 }, (_, n) => line(n)).join(''));
    await shipper.stop(new Error('done'));
    expect(await readdir(spoolDir)).toEqual([]);
  });

  it('makes writers wait when the spool is full, and drops nothing', async () => {
    const receiver = new Receiver();
    const answer = receiver.hold();
    const shipper = ship(receiver, { spoolBytes: 300_000, memoryBytes: 100_000 });
    const log = newId('att');
    const sink = shipper.open(log, []);
    let written = 0;
    const writing = (async () => {
      for (; written < 10; written++) await sink.write('stdout', Buffer.alloc(100_000, written));
      return sink.end();
    })();
    await expect.poll(() => written).toBeGreaterThanOrEqual(2);
    await setTimeout(100);
    expect(written).toBeLessThanOrEqual(4);
    answer();
    expect(await writing).toBe(1_000_000);
    expect(await shipper.delivered(log)).toBe(1_000_000);
    expect(receiver.logs.get(log)).toEqual(
      Buffer.concat([...Array(10).keys()].map((n) => Buffer.alloc(100_000, n))),
    );
  });

  it("loses nothing when the worker's own disk takes nothing: memory is the room then", async () => {
    const file = path.join(spoolDir, 'no-folder');
    await writeFile(file, '');
    const receiver = new Receiver();
    const answer = receiver.hold();
    const shipper = ship(receiver, { spoolDir: file, memoryBytes: 100_000 });
    const log = newId('att');
    const sink = shipper.open(log, []);
    let written = 0;
    const writing = (async () => {
      for (; written < 60; written++) await sink.write('stdout', Buffer.alloc(50_000, written));
      return sink.end();
    })();
    await setTimeout(100);
    expect(written).toBeLessThan(40);
    answer();
    await writing;
    expect(await shipper.delivered(log)).toBe(3_000_000);
  });

  it('swallows output and gives up deliveries once it was stopped', async () => {
    const receiver = new Receiver();
    receiver.hold();
    const shipper = ship(receiver);
    const log = newId('att');
    const sink = shipper.open(log, []);
    await sink.say('one');
    const delivered = shipper.delivered(log);
    await shipper.stop(new Error('the lease is lost'));
    await expect(delivered).rejects.toThrow('the lease is lost');
    for (let n = 0; n < 100; n++) await sink.write('stdout', Buffer.alloc(100_000));
    await sink.end();
    await expect(shipper.drained()).rejects.toThrow('the lease is lost');
  });

  it('ends all deliveries when one is refused for good', async () => {
    const shipper = ship(new Receiver(), { post: () => Promise.reject(new Error('refused')) });
    const log = newId('att');
    await shipper.open(log, []).say('one');
    await expect(shipper.delivered(log)).rejects.toThrow('refused');
  });

  it('goes on at the offset that it was told', async () => {
    const offsets: number[] = [];
    const post = async (body: Uint8Array) => {
      offsets.push(...decodeFrames(body).map((chunk) => chunk.offset));
    };
    const shipper = ship(new Receiver(), { post });
    await shipper.open(newId('att'), [], 700).say('more');
    await shipper.drained();
    expect(offsets).toEqual([700]);
  });
});
