import type { IntakeDeps } from './intake-deps.ts';

/** Keeps the mirrors of all projects tidy, one after another, in the background, and removes those that nothing uses. */
export interface MirrorKeeper {
  start(): void;
  /** Has a round begin soon. */
  wake(): void;
  /** Looks at every mirror once; what goes wrong with one is logged. */
  round(): Promise<void>;
  /** Resolves when nothing runs any more; what runs ends by the signal that the mirrors have. */
  stop(): Promise<void>;
}

export interface MirrorKeeperDeps extends Pick<IntakeDeps, 'store' | 'mirrors' | 'log'> {
  /** A mirror that was not used for longer goes; null: none does by its age. */
  readonly unusedMs: number | null;
  /** Whether the disk has less than its mark free, by a look at it now; then those that were not used for longest go. */
  readonly isDiskLow: () => Promise<boolean>;
  /** Default 10 min. */
  readonly everyMs?: number;
}

const EVERY_MS = 10 * 60_000;

/** Builds that may still ask for their commit; a blocked one may be let go. */
const WAITING = ['pending', 'running', 'blocked'] as const;
/** Of a blocked build nothing was fetched: only these need what the mirror has. */
const NEEDING = ['pending', 'running'] as const;

export function createMirrorKeeper(deps: MirrorKeeperDeps): MirrorKeeper {
  const { store, mirrors, log, unusedMs, isDiskLow, everyMs = EVERY_MS } = deps;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let running: Promise<void> = Promise.resolve();

  const neededBy = async (
    projectId: string,
    statuses: readonly (typeof WAITING)[number][],
  ): Promise<ReadonlySet<string>> => {
    const builds = await store.db
      .selectFrom('build')
      .where('project_id', '=', projectId)
      .where('status', 'in', statuses)
      .select('commit')
      .distinct()
      .execute();
    return new Set(builds.map(({ commit }) => commit));
  };

  const tidy = async (projectId: string): Promise<void> => {
    const about = { projectId, stage: 'intake' };
    try {
      const outcome = await mirrors.tidy(projectId, () => neededBy(projectId, WAITING));
      if (outcome === 'no room') log.warn(about, 'the mirror is not packed: too little of the disk is free');
      else if (outcome !== 'tidy already') log.info({ ...about, outcome }, 'the mirror was to be packed');
    } catch (error) {
      if (!isStopping) log.warn({ err: error, ...about }, 'the mirror was not packed');
    }
  };

  const removeUnused = async (projectId: string, ageMs: number): Promise<boolean> => {
    const about = { projectId, stage: 'intake' };
    const isNeeded = async (): Promise<boolean> => (await neededBy(projectId, NEEDING)).size > 0;
    try {
      const isGone = await mirrors.removeUnused(projectId, ageMs, isNeeded);
      if (isGone) log.info({ ...about, ageMs }, 'a mirror that nothing used was removed');
      return isGone;
    } catch (error) {
      log.warn({ err: error, ...about }, 'the mirror was not removed');
      return false;
    }
  };

  /** The mirrors that were not used for longest first, until there is room again. */
  const makeRoom = async (projectIds: readonly string[]): Promise<void> => {
    const uses = await Promise.all(
      projectIds.map(async (id) => ({ id, at: await mirrors.lastUse(id).catch(() => null) })),
    );
    const there = uses.flatMap(({ id, at }) => (at === null ? [] : [{ id, at }]));
    for (const { id } of there.toSorted((a, b) => a.at - b.at)) {
      if (isStopping || !(await isDiskLow())) return;
      await removeUnused(id, 0);
    }
  };

  const round = async (): Promise<void> => {
    const projects = await store.db.selectFrom('project').select('id').execute();
    const ids = projects.map(({ id }) => id);
    if (await isDiskLow()) await makeRoom(ids);
    for (const id of ids) {
      if (isStopping) return;
      if (unusedMs === null || !(await removeUnused(id, unusedMs))) await tidy(id);
    }
  };

  const wake = (): void => {
    if (isStopping) return;
    running = running
      .then(round)
      .catch((error: unknown) => log.warn({ err: error, stage: 'intake' }, 'the mirrors were not looked at'));
  };
  return {
    start: () => void (timer = setInterval(wake, everyMs)),
    wake,
    round,
    stop: async () => {
      isStopping = true;
      clearInterval(timer);
      await running;
    },
  };
}
