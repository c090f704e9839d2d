import type Dockerode from 'dockerode';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the engine told of a container. */
export interface ContainerEvent {
  readonly kind: 'oom' | 'die' | 'exec_die';
  readonly containerId: string;
  /** For `exec_die`. */
  readonly execId: string | null;
  /** For `die` and `exec_die`. */
  readonly exitCode: number | null;
}

export interface EngineEvents {
  /** Calls back for each event of the container until the returned function is called. */
  watch(containerId: string, onEvent: (event: ContainerEvent) => void): () => void;
  /** Resolves when the connection stands: what happens from now on is told. It waits for an engine that is away. */
  ready(): Promise<void>;
  /** Counts the connections that stood so far: a change between two looks means that the engine was lost in between. */
  connection(): number;
  close(): void;
}

const RETRY_MS = 200;

/** Listens to an engine over one connection, from the first `ready` on, and connects again whenever it breaks. */
export function listenToEvents(docker: Dockerode): EngineEvents {
  const watchers = new Map<string, Set<(event: ContainerEvent) => void>>();
  const stop = new AbortController();
  let connections = 0;
  let current: PromiseWithResolvers<void> | null = null;

  async function listen(): Promise<void> {
    while (!stop.signal.aborted) {
      let stood = false;
      try {
        const stream = (await docker.getEvents({
          filters: { type: ['container'], event: ['oom', 'die', 'exec_die'] },
          abortSignal: stop.signal,
        })) as Readable;
        connections += 1;
        stood = true;
        current?.resolve();
        for await (const line of createInterface({ input: stream })) tell(line);
      } catch {
        // it is away: the next round shows whether it came back
      }
      if (stop.signal.aborted) return;
      // Whoever waits already is told of the next connection, however many tries it takes.
      if (stood) current = Promise.withResolvers();
      await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  function tell(line: string): void {
    const event = readEvent(line);
    if (event === null) return;
    for (const watcher of watchers.get(event.containerId) ?? []) watcher(event);
  }

  return {
    watch(containerId, onEvent) {
      const own = watchers.get(containerId) ?? new Set();
      watchers.set(containerId, own.add(onEvent));
      return () => {
        own.delete(onEvent);
        if (own.size === 0) watchers.delete(containerId);
      };
    },
    ready() {
      if (current === null) {
        current = Promise.withResolvers();
        void listen();
      }
      return current.promise;
    },
    connection: () => connections,
    close: () => stop.abort(),
  };
}

/** A line of the engine's event stream; null for what is not asked for. */
export function readEvent(line: string): ContainerEvent | null {
  const message = JSON.parse(line) as {
    Action?: string;
    Actor?: { ID?: string; Attributes?: Record<string, string> };
  };
  const kind = message.Action;
  const containerId = message.Actor?.ID;
  if ((kind !== 'oom' && kind !== 'die' && kind !== 'exec_die') || containerId === undefined) return null;
  const { execID, exitCode } = message.Actor?.Attributes ?? {};
  return {
    kind,
    containerId,
    execId: execID ?? null,
    exitCode: exitCode === undefined ? null : Number(exitCode),
  };
}
