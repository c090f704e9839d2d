import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '../../../src/core/log.ts';
import type { BuildSummary, BuildView } from '../../../src/core/views/build-view.ts';
import type { LogRangeView } from '../../../src/core/views/log-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { System } from '../../support/system.ts';
import { goneFrom } from './wrong-in-log.ts';

/** Somebody who reads the logs while they are written, and remembers all of it. */
export interface LogReader {
  /** From now on, what belongs to the builds of these commits is read, as soon as it is there. */
  follow(commits: readonly string[]): void;
  /** Every log that was seen to belong to a build. */
  logsOf(buildId: string): ReadonlySet<string>;
  /** What the reader was given of a log, all of which has to stay. */
  shown(logId: string): readonly LogLine[];
  /** What a look did not show any more that one before it had shown, in words; each is told once. */
  takeProblems(): readonly string[];
  /** Reads no more of it. */
  leave(logId: string): void;
  stop(): Promise<void>;
}

const LOOK_MS = 100;

export function startLogReader(system: System): LogReader {
  const shown = new Map<string, readonly LogLine[]>();
  const logs = new Map<string, Set<string>>();
  const open = new Set<string>();
  let commits: readonly string[] = [];
  const problems: string[] = [];
  let isOver = false;
  const look = async (): Promise<void> => {
    for (const build of await buildsOf(system, commits)) {
      const own = logs.get(build.id) ?? new Set();
      logs.set(build.id, own);
      for (const logId of logIdsOf(build).filter((id) => !own.has(id))) {
        own.add(logId);
        open.add(logId);
      }
    }
    for (const logId of open) {
      const { range, sealed } = await readLog(system, logId);
      const gone = goneFrom(range, shown.get(logId) ?? []);
      if (gone !== null) problems.push(`${logId}: ${gone}`);
      shown.set(logId, range);
      if (sealed) open.delete(logId);
    }
  };
  const reading = (async () => {
    while (!isOver) {
      // The server is away at times.
      await look().catch(() => undefined);
      await sleep(LOOK_MS);
    }
  })();
  return {
    follow: (own) => (commits = own),
    logsOf: (buildId) => logs.get(buildId) ?? new Set(),
    shown: (logId) => shown.get(logId) ?? [],
    takeProblems: () => problems.splice(0),
    leave: (logId) => {
      open.delete(logId);
      shown.delete(logId);
    },
    stop: async () => {
      isOver = true;
      await reading;
    },
  };
}

export const readLog = (system: System, logId: string): Promise<LogRangeView> =>
  system.api<LogRangeView>('GET', `/logs/${logId}?from=0&count=5000`);

/** Logs of a build that have begun, or may have: of steps' attempts, of deployments, and of their apps. */
function logIdsOf(build: BuildView): readonly string[] {
  const attempts = build.workflows.flatMap(({ steps }) => steps).flatMap((step) => step.attempts);
  return [
    ...attempts.filter(({ startedAtMs }) => startedAtMs !== null).map(({ logId }) => logId),
    ...build.deployments.flatMap(({ id, logId }) => [id, logId, appLogOf(id)]),
  ];
}

export const appLogOf = (deploymentId: string): string => `app_${deploymentId}`;

async function buildsOf(system: System, commits: readonly string[]): Promise<readonly BuildView[]> {
  const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
  const own = items.filter(({ commit }) => commits.includes(commit));
  return Promise.all(own.map(({ id }) => system.api<BuildView>('GET', `/builds/${id}`)));
}
