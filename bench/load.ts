import net from 'node:net';

export interface LoadResult {
  /** Requests answered with the expected status, and how long each took (ms). */
  readonly accepted: number;
  readonly latenciesMs: readonly number[];
  /** Answers of another status, and connections that broke. */
  readonly refused: number;
  readonly broken: number;
  readonly elapsedMs: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
  readonly expected: number;
  /** The whole HTTP/1.1 request of that number, keep-alive. */
  readonly next: (number: number) => Buffer;
  /** Called with the number of each request that is answered with the expected status. */
  readonly onAccepted?: (number: number) => void;
}

/**
 * Sends requests over keep-alive connections, each its next one as soon as the last is answered, until the time is
 * over. Raw sockets: the load shares the machine with what it measures, so it must cost little.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const counts = { latenciesMs: [] as number[], refused: 0, broken: 0, number: 0 };
  const start = performance.now();
  const isOver = (): boolean => performance.now() - start >= options.durationMs;
  await Promise.all(Array.from({ length: options.connections }, () => connection(options, counts, isOver)));
  const { latenciesMs, refused, broken } = counts;
  return { accepted: latenciesMs.length, latenciesMs, refused, broken, elapsedMs: performance.now() - start };
}

interface Counts {
  readonly latenciesMs: number[];
  refused: number;
  broken: number;
  number: number;
}

function connection(options: LoadOptions, counts: Counts, isOver: () => boolean): Promise<void> {
  const { hostname, port } = new URL(options.url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    socket.setNoDelay(true);
    let answer = '';
    let sentAt = 0;
    let number = 0;
    let ended = false;
    const end = (isBroken: boolean): void => {
      if (ended) return;
      ended = true;
      if (isBroken) counts.broken += 1;
      socket.destroy();
      resolve();
    };
    const send = (): void => {
      if (isOver()) return end(false);
      answer = '';
      sentAt = performance.now();
      number = counts.number++;
      socket.write(options.next(number));
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      const status = statusOfWhole(answer);
      if (status === null) return;
      if (status === options.expected) {
        counts.latenciesMs.push(performance.now() - sentAt);
        options.onAccepted?.(number);
      } else counts.refused += 1;
      send();
    });
    socket.on('error', () => end(true));
    socket.on('close', () => end(true));
  });
}

/** The status of an answer that has come to its end; null while it has not. */
function statusOfWhole(answer: string): number | null {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head + 2))?.[1];
  const whole =
    length === undefined ? answer.endsWith('0\r\n\r\n') : answer.length >= head + 4 + Number(length);
  return whole ? Number(answer.slice(9, 12)) : null;
}
