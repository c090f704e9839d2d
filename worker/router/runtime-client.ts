import net from 'node:net';

/** HAProxy cannot be reached over its runtime socket: it does not run, or does not answer in time. */
export class RouterAway extends Error {
  override readonly name = 'RouterAway';
}

/** HAProxy answered a command with something that the command's success is not known to say. */
export class RouterRefused extends Error {
  override readonly name = 'RouterRefused';
}

/**
 * The runtime API of HAProxy over its unix socket (management.txt, 9.3). One connection per command: HAProxy
 * answers in text, ends the connection, and says nothing at all when a change succeeded.
 */
export interface RuntimeClient {
  /**
   * The answer without its last empty line.
   * @throws {@link RouterAway}
   */
  ask(command: string): Promise<string>;
  /**
   * For commands that change something: their silence is their success.
   * @throws {@link RouterAway}, {@link RouterRefused} for any answer that `isSuccess` does not accept.
   */
  tell(command: string, isSuccess?: (answer: string) => boolean): Promise<void>;
}

export function connectRuntime(socketPath: string, timeoutMs = 5_000): RuntimeClient {
  const ask = (command: string) => exchange(socketPath, command, timeoutMs);
  return {
    ask,
    async tell(command, isSuccess = () => false) {
      const answer = (await ask(command)).trim();
      if (answer !== '' && !isSuccess(answer)) throw new RouterRefused(`${firstLine(command)}: ${answer}`);
    },
  };
}

function exchange(socketPath: string, command: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    const chunks: Buffer[] = [];
    let ended = false;
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on('connect', () => socket.write(`${command}\n`));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      ended = true;
      resolve(Buffer.concat(chunks).toString('utf8').replace(/\n$/, ''));
    });
    socket.on('error', (cause) => reject(away(socketPath, command, cause)));
    socket.on('close', () => {
      if (!ended) reject(away(socketPath, command, new Error('the connection closed')));
    });
  });
}

function away(socketPath: string, command: string, cause: Error): RouterAway {
  return new RouterAway(`router at ${socketPath} (${firstLine(command)}): ${cause.message}`, { cause });
}

/** What of a command messages show: its further lines may be a private key. */
const firstLine = (command: string): string => command.split('\n')[0] ?? '';
