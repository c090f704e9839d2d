import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { sign } from '../../src/webhooks/signature.ts';
import { pushPayload } from './github-payloads.ts';
import { openRaw, requestHead, type RawHttp } from './raw-http.ts';

/** What came of a flood. */
export interface Flood {
  /** Kind of request → `<status> <code of the error, or outcome>` → how many were answered so. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Ids of the Git host's of the right deliveries that were sent in between, each answered 202. */
  readonly kept: readonly string[];
  readonly elapsedMs: number;
}

export interface FloodOptions {
  readonly url: string;
  /** Of the webhook: right deliveries are signed with it; who attacks does not know it. */
  readonly secret: string;
  readonly count: number;
  /** A delivery that the server has already: what who attacks has seen on its way. */
  readonly captured: { readonly id: string; readonly body: string };
  readonly connections?: number;
}

/** One in so many requests is a right delivery. */
const RIGHT_EVERY = 20;

/**
 * Sends requests of every kind in {@link HOSTILE_KINDS} in turn, and right deliveries in between, over many keep-alive
 * connections. A connection that the server cuts is opened again.
 */
export async function floodWebhook(options: FloodOptions): Promise<Flood> {
  const { url, secret, count, connections = 40 } = options;
  const answers = new Map<string, Map<string, number>>();
  const kept: string[] = [];
  const start = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    const connection = new Connection(url);
    for (let number = next++; number < count; number = next++) {
      const kind = HOSTILE_KINDS[number % HOSTILE_KINDS.length] ?? UNSIGNED;
      const answer = await connection.send(kind.request(options, number));
      const counts = answers.get(kind.name) ?? new Map<string, number>();
      answers.set(kind.name, counts.set(answer, (counts.get(answer) ?? 0) + 1));
      if (number % RIGHT_EVERY > 0) continue;
      const id = randomUUID();
      const right = await connection.send(request({ id, body: payload(), secret }));
      if (right !== '202 received') throw new Error(`a right delivery was answered ${right}`);
      kept.push(id);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, one));
  return { answers, kept, elapsedMs: performance.now() - start };
}

interface HostileKind {
  readonly name: string;
  /** The one answer to it. */
  readonly answer: string;
  request(flood: FloodOptions, number: number): Buffer;
}

const UNSIGNED: HostileKind = {
  name: 'unsigned',
  answer: '401 signature_missing',
  request: () => request({ body: payload(), headers: { 'X-Hub-Signature-256': null } }),
};

/** Every kind and its answer; of those that are signed, somebody knows the secret who should not. */
export const HOSTILE_KINDS: readonly HostileKind[] = [
  UNSIGNED,
  {
    name: 'signed with another secret',
    answer: '401 signature_wrong',
    request: () => request({ body: payload(), secret: 'a guess' }),
  },
  {
    name: 'a captured body, one byte of it changed',
    answer: '401 signature_wrong',
    request: ({ captured, secret }, number) => {
      const body = Buffer.from(captured.body);
      const at = (number * 7919) % body.length;
      body[at] = (body[at] ?? 0) ^ (1 << (number % 7));
      return request({ body, signature: sign(captured.body, secret) });
    },
  },
  {
    name: 'a captured body, cut short',
    answer: '401 signature_wrong',
    request: ({ captured, secret }, number) =>
      request({
        body: captured.body.slice(0, number % captured.body.length),
        signature: sign(captured.body, secret),
      }),
  },
  {
    name: 'replayed as it was',
    answer: '200 ignored',
    request: ({ captured, secret }) => request({ ...captured, secret }),
  },
  {
    name: 'replayed under another delivery id',
    answer: '200 ignored',
    request: ({ captured, secret }) => request({ body: captured.body, secret }),
  },
  {
    name: 'a captured signature with the algorithm changed',
    answer: '401 signature_wrong',
    request: ({ captured, secret }) =>
      request({
        body: captured.body,
        signature: `sha1=${createHmac('sha1', secret).update(captured.body).digest('hex')}`,
      }),
  },
  {
    name: 'a form',
    answer: '415 content_type_wrong',
    request: ({ secret }) =>
      request({ body: payload(), secret, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }),
  },
  {
    name: 'packed',
    answer: '415 encoding_wrong',
    request: ({ secret }) =>
      request({ body: gzipSync(Buffer.alloc(100_000)), secret, headers: { 'Content-Encoding': 'gzip' } }),
  },
  {
    name: '50,000 levels deep, unsigned',
    answer: '401 signature_wrong',
    request: () => request({ body: DEEP, secret: 'a guess' }),
  },
  {
    name: 'no JSON',
    answer: '400 json_wrong',
    request: ({ secret }) => request({ body: '{"ref":', secret }),
  },
  {
    name: 'a list',
    answer: '400 json_wrong',
    request: ({ secret }) => request({ body: '[{}]', secret }),
  },
  {
    name: 'bytes that are no UTF-8, unsigned',
    answer: '401 signature_wrong',
    request: () => request({ body: Buffer.alloc(2_000, 0xc3), secret: 'a guess' }),
  },
  {
    name: 'keys of all objects, unsigned',
    answer: '401 signature_wrong',
    request: () => request({ body: '{"__proto__":{"outcome":"built"}}', secret: 'a guess' }),
  },
  {
    name: 'an id that is a path',
    answer: '400 delivery_header_missing',
    request: ({ secret }) => request({ body: payload(), secret, id: '../../../etc/passwd' }),
  },
  {
    name: 'an event that is markup',
    answer: '400 delivery_header_missing',
    request: ({ secret }) =>
      request({ body: payload(), secret, headers: { 'X-GitHub-Event': '<script>alert(1)</script>' } }),
  },
  {
    name: 'a head of 20 kB',
    answer: '431 ',
    request: () => request({ body: '{}', secret: 'a guess', headers: { 'X-Long': 'x'.repeat(20_000) } }),
  },
  {
    name: 'no HTTP',
    answer: '400 ',
    request: () => Buffer.from('\u0016\u0003\u0001 is how TLS begins\r\n\r\n'),
  },
];

/** Levels of lists, as a parser that recurses would follow them. */
export const DEEP = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;

/** Connections that keep the server waiting, until they are closed or cut off. */
export interface HeldConnections {
  /** What each was told at its end; resolves when all were cut off. */
  readonly answers: Promise<readonly string[]>;
  close(): void;
}

/** As many of each kind: one says nothing, one not all of its head, one drips its body. */
export function holdConnections(url: string, each: number): HeldConnections {
  const drips: NodeJS.Timeout[] = [];
  const open = (begin: (raw: RawHttp) => void): readonly RawHttp[] =>
    Array.from({ length: each }, () => {
      const raw = openRaw(url);
      begin(raw);
      return raw;
    });
  const held = [
    ...open(() => undefined),
    ...open((raw) => raw.write('POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Slow: ')),
    ...open((raw) => {
      const signature = `sha256=${'0'.repeat(64)}`;
      const headers = { 'X-Hub-Signature-256': signature, 'Transfer-Encoding': 'chunked' };
      raw.write(requestHead('POST /webhooks/github', headers));
      drips.push(setInterval(() => raw.write('1\r\nx\r\n'), 500));
    }),
  ];
  return {
    answers: Promise.all(held.map(async ({ closed }) => (await closed).slice(0, 12))),
    close: () => {
      for (const drip of drips) clearInterval(drip);
      for (const raw of held) raw.close();
    },
  };
}

/** Announces a body, sends half of it and hangs up. */
export async function hangUpHalfWay(url: string, secret: string): Promise<void> {
  const raw = openRaw(url);
  const whole = request({ body: payload(), secret });
  raw.write(whole.subarray(0, whole.length - 100));
  await new Promise((resolve) => setTimeout(resolve, 20));
  raw.close();
  await raw.closed;
}

interface RequestOf {
  readonly body: string | Buffer;
  readonly id?: string;
  readonly secret?: string;
  readonly signature?: string;
  /** Null takes one away. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

function request({ body, id = randomUUID(), secret = '', signature, headers }: RequestOf): Buffer {
  const all = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-GitHub-Event': 'push',
    'X-GitHub-Delivery': id,
    'X-Hub-Signature-256': signature ?? sign(body, secret),
    ...headers,
  };
  const given = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  const head = requestHead('POST /webhooks/github', Object.fromEntries(given) as Record<string, string>);
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

const payload = (): string =>
  JSON.stringify(
    pushPayload({ repository: `nobody/${randomUUID()}`, commit: 'c'.repeat(40), message: 'x'.repeat(1_000) }),
  );

/** One request after the other; opened again where the server has closed it. */
class Connection {
  readonly #url: URL;
  #socket: net.Socket | null = null;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** `<status> <code or outcome>`. @throws Error when the connection ends without an answer. */
  async send(bytes: Buffer): Promise<string> {
    const socket = this.#socket?.writable === true ? this.#socket : await this.#open();
    this.#socket = socket;
    let text = '';
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        socket.off('data', take).off('close', closed);
        const whole = readAnswer(text);
        if (whole === null) return reject(new Error(`no answer, but ${JSON.stringify(text)}`));
        if (/\r\nconnection: close\r\n/i.test(text)) this.close();
        return resolve(whole);
      };
      const take = (part: Buffer): void => {
        text += part.toString('latin1');
        if (readAnswer(text) !== null) settle();
      };
      const closed = (): void => settle();
      socket.on('data', take).on('close', closed);
      socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  async #open(): Promise<net.Socket> {
    const socket = net.connect(Number(this.#url.port), this.#url.hostname);
    socket.setNoDelay(true).on('error', () => undefined); // `close` follows
    await once(socket, 'connect');
    return socket;
  }
}

function readAnswer(text: string): string | null {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2))?.[1] ?? 0);
  if (text.length < head + 4 + length) return null;
  const said = /"(?:code|outcome)":"(\w+)"/.exec(text.slice(head))?.[1] ?? '';
  return `${text.slice(9, 12)} ${said}`;
}
