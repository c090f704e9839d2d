import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { newId } from '../../src/core/id.ts';
import { FRAMES_CONTENT_TYPE } from '../../src/protocol/frames.ts';
import { LogShipper } from '../../worker/logs/log-shipper.ts';
import { ServerClient } from '../../worker/server/server-client.ts';

export interface LogFigures {
  /** 100-byte lines, from the first byte written to the end of the log on the server's disk, redaction on with five secrets. */
  readonly linesPerSecond: number;
  readonly lost: number;
  /** From a line's writing to its arrival at a reader of server-sent events, at 5,000 lines/s. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const LINES = 300_000;
const PER_SECOND = 5_000;
const SECONDS = 6;
const LINE_BYTES = 100;

/** Measures the path of a log without a container: writer → redaction → spool → HTTP → fdatasync → reader. */
export async function measureLogPath(): Promise<LogFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-bench-log-'));
  const server = fork(path.join(import.meta.dirname, 'server.ts'), [folder]);
  const [port] = (await once(server, 'message')) as [number];
  const url = `http://127.0.0.1:${port}`;
  const client = new ServerClient(url, 'bench');
  const shipper = new LogShipper({
    spoolDir: path.join(folder, 'spool'),
    post: async (body) => {
      const request = { method: 'POST', path: '/logs', body, contentType: FRAMES_CONTENT_TYPE } as const;
      await client.sendUntilAnswered({ ...request, timeoutMs: 10_000 });
    },
  });
  try {
    const speed = await measureSpeed(shipper, url);
    return { ...speed, ...(await measureDelay(shipper, url)) };
  } finally {
    await shipper.stop(new Error('measured'));
    const gone = once(server, 'exit');
    server.kill();
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
}

const SECRETS = Array.from({ length: 5 }, () => randomBytes(20).toString('hex'));

async function measureSpeed(shipper: LogShipper, url: string) {
  const log = newId('att');
  const sink = shipper.open(log, SECRETS);
  const start = performance.now();
  for (let n = 0; n < LINES; n += 50) {
    const lines = Array.from({ length: 50 }, (_, k) => lineOf(`${n + k} compiling module src/part-${k}.ts`));
    await sink.write('stdout', Buffer.from(lines.join('')));
  }
  await sink.end();
  await shipper.delivered(log);
  const ms = performance.now() - start;
  const { lines } = (await (await fetch(`${url}/logs/${log}`)).json()) as { lines: number };
  return { linesPerSecond: Math.round((LINES / ms) * 1000), lost: LINES - lines };
}

async function measureDelay(shipper: LogShipper, url: string) {
  const log = newId('att');
  const sink = shipper.open(log, SECRETS);
  const reading = readDelays(`${url}/stream/${log}`);
  const start = performance.now();
  for (let n = 0; n < PER_SECOND * SECONDS;) {
    const due = Math.floor(((performance.now() - start) / 1000) * PER_SECOND);
    for (; n < due; n++) await sink.write('stdout', Buffer.from(lineOf(`${performance.now()} `)));
    await setTimeout(1);
  }
  await sink.end();
  const delays = (await reading).sort((a, b) => a - b);
  const at = (share: number) => Math.round(delays[Math.floor(delays.length * share)] ?? NaN);
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Delays of all lines of a stream, until its log has ended. */
async function readDelays(url: string): Promise<number[]> {
  const answer = await fetch(url);
  const delays: number[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of answer.body ?? []) {
    const events = (text + decoder.decode(piece, { stream: true })).split('\n\n');
    text = events.pop() ?? '';
    const now = performance.now();
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      const { lines, state } = JSON.parse(data) as { lines: { text: string }[]; state: { sealed: boolean } };
      for (const line of lines) delays.push(now - Number.parseFloat(line.text));
      if (state.sealed) return delays;
    }
  }
  return delays;
}

function lineOf(text: string): string {
  return `${text.padEnd(LINE_BYTES - 1, '.')}\n`;
}

if (import.meta.main) console.log(JSON.stringify(await measureLogPath()));
