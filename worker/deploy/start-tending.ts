import { setTimeout as sleep } from 'node:timers/promises';
import { TIMES } from '../../config/times.ts';
import { createRounds } from '../../src/core/rounds.ts';
import { RouterAway } from '../router/runtime-client.ts';
import { lookForFailovers, type LiveSight } from '../router/watch-failovers.ts';
import type { RouterLink } from '../server/lease.ts';
import { listApps } from './app-container.ts';
import type { AppLogs } from './app-logs.ts';
import type { DeployTools } from './run-deployment.ts';
import { tendRouter } from './tend-router.ts';
import { routerWatcher, type RouterChange } from './watch-router.ts';

export interface Tending {
  readonly tools: DeployTools;
  readonly link: RouterLink;
  readonly appLogs: AppLogs;
  /** Told of each thing that was put right. */
  readonly onDone: (what: string) => void;
  /** Told once of each change: nothing else here says that the router is away. */
  readonly onRouter: (change: RouterChange) => void;
  /** Told of what failed; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** Between two comparisons with the record; default 30 s. */
  readonly everyMs?: number;
}

export interface Keeper {
  /** Compares with the record now; when it is at that, once more after it. */
  readonly look: () => void;
  readonly end: () => Promise<void>;
}

/**
 * The router's keeper, outside of any lease, for as long as the worker lives: brings router and containers to the
 * record, tells when the router goes and comes, and its fail-overs, sends the apps' logs.
 */
export function startTending(tending: Tending): Keeper {
  const end = new AbortController();
  const rounds = createRounds(async () => {
    if (!end.signal.aborted) await tended(tending, end.signal, tendOnce);
  });
  const waited = new Map<string, number>();
  const tendOnce = async (): Promise<void> => {
    const { tools, link, onDone } = tending;
    const did = await tendRouter(
      tools,
      () => link.record(),
      (request) => link.removed(request),
      waited,
    );
    for (const what of did) onDone(what);
  };
  const timer = setInterval(rounds.wake, tending.everyMs ?? TIMES.reconciler).unref();
  rounds.wake();
  const loops = [
    repeat(tending, end.signal, LOOK_MS, routerWatcher(tending.tools.router.runtime, tending.onRouter)),
    repeat(tending, end.signal, LOOK_MS, failoverTeller(tending)),
    repeat(tending, end.signal, LOOK_MS, logFollower(tending)),
  ];
  return {
    look: rounds.wake,
    end: async () => {
      clearInterval(timer);
      end.abort();
      tending.appLogs.end();
      await Promise.all([rounds.idle(), ...loops]);
    },
  };
}

const LOOK_MS = 1_000;

async function repeat(
  tending: Tending,
  signal: AbortSignal,
  everyMs: number,
  act: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const isDone = await tended(tending, signal, act);
    await sleep(isDone ? everyMs : AFTER_ERROR_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** So that what stays broken does not fill the log. */
const AFTER_ERROR_MS = 10_000;

/** False when it failed, which is told. */
async function tended({ onError }: Tending, signal: AbortSignal, act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (signal.aborted || error instanceof RouterAway) return true;
    onError(error);
    return false;
  }
}

function failoverTeller({ tools, link }: Tending): () => Promise<void> {
  const sights = new Map<string, LiveSight>();
  return async () => {
    const events = await lookForFailovers(tools.router, sights, tools.clock.nowMs());
    if (events.length > 0) await link.events([...events]);
  };
}

function logFollower({ tools, appLogs }: Tending): () => Promise<void> {
  return async () => {
    for (const app of await listApps(tools.engine, tools.router.dir)) appLogs.follow(app);
  };
}
