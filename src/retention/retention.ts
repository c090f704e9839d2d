import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ArtifactFiles } from '../ports/artifact-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogShelf } from '../ports/log-store.ts';
import type { Store } from '../store/store.ts';
import { chooseRemovals, mayGo, type KeepLimits, type PastBuild } from './choose-removals.ts';
import { logsOfBuild, PAGE, readPage, readProjectPage, type HistoryRow } from './read-history.ts';
import { readUses } from './read-uses.ts';
import { removeArtifacts } from './remove-artifacts.ts';
import { removeBuild } from './remove-build.ts';
import { removeAudit, removeBodies, removeDeliveries, removeEvents } from './remove-rows.ts';
import { createLogRemover, type LogRemover } from './stuck-logs.ts';
import { sweepLogs } from './sweep-logs.ts';

export interface RetentionDeps {
  readonly store: Store;
  readonly logs: LogShelf;
  /** Null: none are kept here. */
  readonly artifacts?: Pick<ArtifactFiles, 'list' | 'remove'> | null;
  readonly clock: Clock;
  readonly limits: KeepLimits & {
    /** Of the logs of all builds that may go, together; null is without bound. */
    readonly logBytes: number | null;
    /** Of all artifacts together; null is without bound. */
    readonly artifactBytes: number | null;
    /** Of entries of the audit log; null is without bound. */
    readonly auditMs: number | null;
  };
  readonly log: Logger;
  /** Before each transaction, so that writers are not held up; default 50. */
  readonly pauseMs?: number;
}

/** Removes what is past the bounds of the past, in the background. What it did not come to, the next round does. */
export interface Retention {
  start(): void;
  /** Goes through everything once. */
  round(): Promise<Removed>;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** What one round removed. */
export interface Removed {
  readonly builds: number;
  readonly deliveries: number;
  /** Entries of the audit log. */
  readonly audit: number;
  /** That nothing pointed to. */
  readonly strayLogs: number;
  /** Logs that could not be removed; the next round tries them again. */
  readonly stuckLogs: number;
}

const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;
const PAUSE_MS = 50;
/** Builds in one transaction. */
const BATCH = 5;
/** A Git host tells its deliveries again for up to a month; one that is known leads to no second build. */
const DELIVERIES_LEAST_MS = 31 * 24 * 3_600_000;

/** Longer than a webhook's secret should be in use: who has a signed body may send it under any delivery id. */
const BODIES_MS = 400 * 24 * 3_600_000;

export function createRetention(given: RetentionDeps): Retention {
  const deps: RoundDeps = { ...given, remover: createLogRemover(given.logs, given.log) };
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const pause = async (): Promise<boolean> => {
    await sleep(deps.pauseMs ?? PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    return !ending.signal.aborted;
  };
  const turn = (): void => {
    running = runRound(deps, pause)
      .then(({ stuckLogs, ...removed }) => {
        if (Object.values(removed).some((count) => count > 0))
          deps.log.info({ ...removed, stuckLogs }, 'retention removed');
      })
      .catch((error: unknown) => {
        if (!ending.signal.aborted) deps.log.warn({ err: error }, 'retention');
      })
      .finally(() => {
        if (!ending.signal.aborted) timer = setTimeout(turn, EVERY_MS);
      });
  };
  return {
    start: () => void (timer = setTimeout(turn, FIRST_MS)),
    round: () => runRound(deps, pause),
    stop: async () => {
      ending.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

/** Before each transaction, and each page that is read; true to go on. */
type Pause = () => Promise<boolean>;

interface RoundDeps extends RetentionDeps {
  readonly remover: LogRemover;
}

async function runRound(deps: RoundDeps, pause: Pause): Promise<Removed> {
  let stuckLogs = 0;
  const removed = await removePast(deps, pause).finally(() => {
    stuckLogs = deps.remover.endRound();
  });
  return { ...removed, stuckLogs };
}

async function removePast(deps: RoundDeps, pause: Pause): Promise<Omit<Removed, 'stuckLogs'>> {
  const { store, clock, limits, logs, remover } = deps;
  const projects = await store.db.selectFrom('project').select('id').execute();
  let builds = 0;
  for (const { id } of projects) builds += await removeBeyondLimits(deps, id, pause);
  const shelf = { list: () => logs.list(), ...remover };
  const { bytes, removed: strayLogs } = await sweepLogs(store, shelf, { nowMs: clock.nowMs(), pause });
  if (limits.logBytes !== null && bytes > limits.logBytes)
    builds += await makeRoom(deps, limits.logBytes, pause);
  const onStuck = (artifact: string, err: unknown): void =>
    deps.log.warn({ err, artifact }, 'retention could not remove an artifact');
  const artifacts = { mostBytes: limits.artifactBytes, nowMs: clock.nowMs(), pause, onStuck };
  if (deps.artifacts) await removeArtifacts(store, deps.artifacts, artifacts);
  const audit = limits.auditMs === null ? 0 : await removeAudit(store, clock.nowMs() - limits.auditMs, pause);
  await removeBodies(store, clock.nowMs() - BODIES_MS, pause);
  if (limits.buildsMs === null) return { builds, deliveries: 0, audit, strayLogs };
  const beforeMs = clock.nowMs() - limits.buildsMs;
  const deliveries = await removeDeliveries(
    store,
    Math.min(beforeMs, clock.nowMs() - DELIVERIES_LEAST_MS),
    pause,
  );
  await removeEvents(store, beforeMs, pause);
  return { builds, deliveries, audit, strayLogs };
}

/** Removes the builds of a project that are too old or too many; returns how many. */
async function removeBeyondLimits(deps: RoundDeps, projectId: string, pause: Pause): Promise<number> {
  const { store, limits, clock } = deps;
  if (limits.buildsMs === null && limits.buildsPerProject === null) return 0;
  let removed = 0;
  for (let after = 0; await pause();) {
    const rows = await readProjectPage(store, projectId, after);
    const past = rows.map((row) => ({ ...row, inUse: false, logBytes: 0 }));
    const chosen = chooseRemovals(past, limits, { nowMs: clock.nowMs(), excessLogBytes: 0 });
    removed += (await removeUnused(deps, chosen, pause)).length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE || isWithin(last, limits, clock.nowMs())) break;
    after = last.number;
  }
  return removed;
}

/** Whether neither this build nor a newer one of its project can be past a limit. */
function isWithin(row: HistoryRow, { buildsMs, buildsPerProject }: KeepLimits, nowMs: number): boolean {
  const isYoung = buildsMs === null || row.createdAtMs >= nowMs - buildsMs;
  return isYoung && (buildsPerProject === null || row.newestNumber - row.number < buildsPerProject);
}

/** Removes the oldest builds that may go until the logs of those that stay of them fit; returns how many went. */
async function makeRoom(deps: RoundDeps, mostBytes: number, pause: Pause): Promise<number> {
  const anyAge = { buildsMs: null, buildsPerProject: null };
  let excess = -mostBytes;
  for await (const past of removableBuilds(deps, pause)) excess += bytesOf(past);
  let removed = 0;
  if (excess <= 0) return removed;
  for await (const past of removableBuilds(deps, pause)) {
    const chosen = chooseRemovals(past, anyAge, { nowMs: deps.clock.nowMs(), excessLogBytes: excess });
    removed += (await removeUnused(deps, chosen, pause)).length;
    // One that something stands on by now has stayed, and counts no more either.
    excess -= bytesOf(chosen);
    if (excess <= 0) break;
  }
  return removed;
}

/** Page by page the builds of all projects that may go, oldest first. What may not go has no part in the bound. */
async function* removableBuilds(deps: RetentionDeps, pause: Pause) {
  const { store, clock } = deps;
  for (let after = ''; await pause();) {
    const rows = await readPage(store, after);
    const uses = await readUses(store, rows);
    const past = rows.map((row) => ({ ...row, inUse: uses.has(row.id) }));
    yield await withSizes(
      deps,
      past.filter((row) => mayGo(row, clock.nowMs())),
    );
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.id;
  }
}

function bytesOf(builds: readonly PastBuild[]): number {
  return builds.reduce((sum, { logBytes }) => sum + logBytes, 0);
}

async function withSizes<R extends Omit<PastBuild, 'logBytes'>>(
  { store, logs }: RetentionDeps,
  rows: readonly R[],
): Promise<readonly (R & PastBuild)[]> {
  const sized: (R & PastBuild)[] = [];
  for (const row of rows) {
    let logBytes = 0;
    for (const logId of await logsOfBuild(store, row.id)) logBytes += await logs.sizeOf(logId);
    sized.push({ ...row, logBytes });
  }
  return sized;
}

/**
 * Removes those of the chosen that nothing stands on, a few in a transaction: first the rows, then the files, which
 * nothing points to by then; a file that stays is a stray log from then on. Returns those that went.
 */
async function removeUnused<B extends PastBuild & { readonly projectId: string }>(
  { store, remover }: RoundDeps,
  chosen: readonly B[],
  pause: Pause,
): Promise<readonly B[]> {
  const gone: B[] = [];
  for (let start = 0; start < chosen.length && (await pause()); start += BATCH) {
    const batch = chosen.slice(start, start + BATCH);
    const removed = await store.transaction(async (tx) => {
      const uses = await readUses(tx, batch);
      const unused = batch.filter(({ id }) => !uses.has(id));
      const logIds: string[] = [];
      for (const { id } of unused) logIds.push(...(await removeBuild(tx, id)));
      return { unused, logIds };
    });
    for (const logId of removed.logIds) await remover.remove(logId);
    gone.push(...removed.unused);
  }
  return gone;
}
