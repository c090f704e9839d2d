import { readEvent } from '../core/event.ts';
import { createRounds } from '../core/rounds.ts';
import type { Mirrors } from '../ports/repositories.ts';
import { deliveryOfBuild } from '../store/read/delivery-of.ts';
import { gitHostOf } from './clone-url.ts';
import { createHostPlaces } from './host-places.ts';
import type { WaitingRepository } from './choose-repositories.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { Unplanned } from './plan-build.ts';
import type { ProjectRow } from './project-row.ts';

/** Has builds planned that wait for it: those of "run now", and those a kill left between record and plan. */
export interface UnplannedBuilds {
  /** Has each that waits now planned; what goes wrong with one is tried again at the next call. */
  catchUp(): void;
  isIdle(): boolean;
  /** Resolves when nothing runs or is due. */
  idle(): Promise<void>;
}

/** Those of a project are planned one after the other, the oldest first; of several side by side. @param plan Must not fail. */
export function createUnplannedBuilds(
  deps: IntakeDeps,
  plan: (unplanned: Unplanned, mirrors: Mirrors) => Promise<void>,
  { stopping, onLeft }: { readonly stopping: AbortSignal; readonly onLeft: () => Promise<void> },
): UnplannedBuilds {
  const tried = new Set<string>();
  const places = createHostPlaces<WaitingBuild>(
    deps.mirrors,
    ({ unplanned }, mirrors) => plan(unplanned, mirrors),
    () => looks.wake(),
  );
  const looks = createRounds(async () => {
    if (stopping.aborted) return;
    try {
      const waiting = (await findUnplanned(deps)).filter(({ buildId }) => !tried.has(buildId));
      for (const one of places.begin(waiting.map(inLine))) tried.add(one.unplanned.buildId);
    } catch (error) {
      deps.log.error({ err: error, stage: 'intake' }, 'builds without a plan were left');
      void onLeft();
    }
  });
  const isIdle = (): boolean => looks.isIdle() && places.isIdle();
  return {
    catchUp: () => {
      tried.clear();
      looks.wake();
    },
    isIdle,
    idle: async () => {
      do await Promise.all([looks.idle(), places.settled()]);
      while (!isIdle());
    },
  };
}

interface WaitingBuild extends WaitingRepository {
  readonly repository: string;
  readonly unplanned: Unplanned;
}

const inLine = (unplanned: Unplanned): WaitingBuild => {
  const { id, clone_url } = unplanned.project;
  return { repository: id, gitHost: gitHostOf(clone_url), unplanned };
};

/** Oldest first. */
async function findUnplanned({ store }: IntakeDeps): Promise<readonly Unplanned[]> {
  const builds = await store.db
    .selectFrom('build')
    .where('status', '=', 'pending')
    .where('planned', '=', 0)
    .where('problems_json', 'is', null)
    .orderBy('id')
    .select(['id', 'project_id', 'event_json', deliveryOfBuild().as('deliveryId')])
    .execute();
  const ids = [...new Set(builds.map((build) => build.project_id))];
  if (ids.length === 0) return [];
  const rows = await store.db.selectFrom('project').where('id', 'in', ids).selectAll().execute();
  const projects = new Map(rows.map((row): [string, ProjectRow] => [row.id, row]));
  return builds.flatMap((build) => {
    const project = projects.get(build.project_id);
    const event = readEvent(build.event_json);
    return project === undefined
      ? []
      : [{ buildId: build.id, deliveryId: build.deliveryId, project, event, source: null }];
  });
}
