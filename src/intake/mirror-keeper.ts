import type { IntakeDeps } from './intake-deps.ts';

/** Keeps the mirrors of all projects tidy, one after another, in the background. */
export interface MirrorKeeper {
  start(): void;
  /** Looks at every mirror once; what goes wrong with one is logged. */
  round(): Promise<void>;
  /** Resolves when nothing runs any more; what runs ends by the signal that the mirrors have. */
  stop(): Promise<void>;
}

const EVERY_MS = 10 * 60_000;

/** Builds that may still ask for their commit. */
const WAITING = ['pending', 'running', 'blocked'] as const;

export function createMirrorKeeper(
  { store, mirrors, log }: Pick<IntakeDeps, 'store' | 'mirrors' | 'log'>,
  everyMs = EVERY_MS,
): MirrorKeeper {
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let running: Promise<void> = Promise.resolve();

  const neededBy = async (projectId: string): Promise<ReadonlySet<string>> => {
    const builds = await store.db
      .selectFrom('build')
      .where('project_id', '=', projectId)
      .where('status', 'in', WAITING)
      .select('commit')
      .distinct()
      .execute();
    return new Set(builds.map(({ commit }) => commit));
  };

  const tidy = async (projectId: string): Promise<void> => {
    const about = { projectId, stage: 'intake' };
    try {
      const outcome = await mirrors.tidy(projectId, () => neededBy(projectId));
      if (outcome === 'no room') log.warn(about, 'the mirror is not packed: too little of the disk is free');
      else if (outcome !== 'tidy already') log.info({ ...about, outcome }, 'the mirror was to be packed');
    } catch (error) {
      if (!isStopping) log.warn({ err: error, ...about }, 'the mirror was not packed');
    }
  };

  const round = async (): Promise<void> => {
    const projects = await store.db.selectFrom('project').select('id').execute();
    for (const { id } of projects) if (!isStopping) await tidy(id);
  };

  return {
    start: () => {
      timer = setInterval(() => {
        running = running
          .then(round)
          .catch((error: unknown) =>
            log.warn({ err: error, stage: 'intake' }, 'the mirrors were not looked at'),
          );
      }, everyMs);
    },
    round,
    stop: async () => {
      isStopping = true;
      clearInterval(timer);
      await running;
    },
  };
}
