import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Connections to an engine that can all be cut at once. */
export interface Connections {
  readonly agent: HttpAgent;
  isEmpty(): boolean;
  /** Whoever waits for one learns that the engine is lost. */
  cut(): void;
  /** Counts a connection that another process has, which `onCut` ends. Returns what forgets it. */
  hold(onCut: () => void): () => void;
}

/** How Node's own agent keeps connections. */
const KEPT: AgentOptions = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 };

export function openConnections(protocol: 'http' | 'https'): Connections {
  const open = new Set<Duplex>();
  const held = new Set<() => void>();
  const keep = <T extends Duplex | null | undefined>(socket: T): T => {
    if (socket) open.add(socket.once('close', () => open.delete(socket)));
    return socket;
  };
  // docker-modem 5 prints the options of every request, and throws the text away: all that an agent holds took
  // three quarters of a worker's time.
  const brief = (): string => 'connections to the engine';
  class Http extends HttpAgent {
    readonly [inspect.custom] = brief;
    override createConnection(...args: Parameters<HttpAgent['createConnection']>): Duplex | null | undefined {
      return keep(super.createConnection(...args));
    }
  }
  class Https extends HttpsAgent {
    readonly [inspect.custom] = brief;
    override createConnection(options: ClientRequestArgs): Duplex | null | undefined {
      return keep(super.createConnection(options));
    }
  }
  return {
    agent: protocol === 'https' ? new Https(KEPT) : new Http(KEPT),
    isEmpty: () => open.size === 0 && held.size === 0,
    cut: () => {
      for (const socket of open)
        socket.destroy(Object.assign(new Error('the engine was silent for too long'), { code: 'ETIMEDOUT' }));
      for (const onCut of held) onCut();
    },
    hold: (onCut) => {
      const own = (): void => onCut();
      held.add(own);
      return () => void held.delete(own);
    },
  };
}

/** Questions to an engine in the time that it may be silent for. */
const ASKS = 6;

/**
 * Asks an engine for a sign of life while there are connections to it, and cuts them when none came for `silentMs`: a
 * peer that is gone without a word, a firewall that forgot, or an engine that stands still, would be waited for without
 * end. Counted in questions, so that a worker that stood still itself does not blame the engine. Returns what ends it.
 */
export function watchPulse(
  connections: Pick<Connections, 'isEmpty' | 'cut'>,
  isUp: (timeoutMs: number) => Promise<boolean>,
  silentMs: number,
): () => void {
  const everyMs = silentMs / ASKS;
  const over = new AbortController();
  void (async () => {
    for (let missed = 0; !over.signal.aborted;) {
      const pause = sleep(everyMs, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
      const isWell = connections.isEmpty() || (await isUp(everyMs));
      missed = isWell ? 0 : missed + 1;
      if (missed >= ASKS && !over.signal.aborted) connections.cut();
      await pause;
    }
  })();
  return () => over.abort();
}
