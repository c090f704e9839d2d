import { connect } from 'node:net';

/** A connection to a server on which a test writes the very bytes it likes. */
export interface RawHttp {
  write(bytes: string | Buffer): void;
  /** Everything that came, once `pattern` is in it. @throws Error when the connection closes before. */
  until(pattern: RegExp): Promise<string>;
  /** Stops reading, as a client does that cannot keep up. */
  pause(): void;
  /** Resolves, with all that came, when the other side has closed the connection. */
  readonly closed: Promise<string>;
  close(): void;
}

export function openRaw(url: string): RawHttp {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  const watchers = new Set<() => void>();
  const look = (): void => watchers.forEach((watcher) => watcher());
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
    look();
  });
  socket.on('error', () => undefined); // `close` follows
  let isClosed = false;
  const closed = new Promise<string>((resolve) =>
    socket.on('close', () => {
      isClosed = true;
      resolve(text);
      look();
    }),
  );
  return {
    write: (bytes) => void socket.write(bytes),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (pattern.test(text)) resolve(text);
          else if (isClosed) reject(new Error(`closed after ${JSON.stringify(text)}`));
        };
        watchers.add(watcher);
        watcher();
      }),
    pause: () => void socket.pause(),
    closed,
    close: () => void socket.destroy(),
  };
}

/** The head of a request, with an empty line at its end. */
export function requestHead(line: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`${line} HTTP/1.1`, 'Host: slipway.example', ...lines, '', ''].join('\r\n');
}
