import type { Reading } from '../store/store.ts';

/** Builds that are looked at together. */
export const PAGE = 50;

/** A build of the past as its row has it. */
export interface HistoryRow {
  readonly id: string;
  readonly projectId: string;
  readonly number: number;
  readonly newestNumber: number;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
}

/** The builds of a project after that number, oldest first, at most {@link PAGE}. */
export async function readProjectPage(
  reading: Reading,
  projectId: string,
  afterNumber: number,
): Promise<readonly HistoryRow[]> {
  return selectHistory(reading)
    .where('build.project_id', '=', projectId)
    .where('build.number', '>', afterNumber)
    .orderBy('build.number')
    .limit(PAGE)
    .execute();
}

/** The builds of all projects after that id, oldest first, at most {@link PAGE}. */
export async function readPage(reading: Reading, afterId: string): Promise<readonly HistoryRow[]> {
  return selectHistory(reading).where('build.id', '>', afterId).orderBy('build.id').limit(PAGE).execute();
}

function selectHistory({ db }: Reading) {
  return db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select((eb) => [
      'build.id',
      'build.project_id as projectId',
      'build.number',
      eb('project.next_build_number', '-', 1).as('newestNumber'),
      'build.created_at as createdAtMs',
      'build.finished_at as endedAtMs',
    ]);
}

/** Every log of a build: of its steps' attempts, its deployments, and the apps that they started. */
export async function logsOfBuild({ db }: Reading, buildId: string): Promise<readonly string[]> {
  const attempts = await db
    .selectFrom('step_attempt')
    .innerJoin('step', 'step.id', 'step_attempt.step_id')
    .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
    .select('step_attempt.id')
    .where('workflow.build_id', '=', buildId)
    .execute();
  const deployments = await db
    .selectFrom('deployment')
    .select(['id', 'log_id'])
    .where('build_id', '=', buildId)
    .execute();
  const ids = deployments.flatMap(({ id, log_id }) => [id, log_id, `app_${id}`]);
  return [...new Set([...attempts.map(({ id }) => id), ...ids])];
}
