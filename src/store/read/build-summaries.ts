import { lastIntoEach } from '../../core/deployment.ts';
import { codeAndFix } from '../../core/end.ts';
import { readEvent } from '../../core/event.ts';
import type { BuildSummary } from '../../core/views/build-view.ts';
import type { DeploymentSummary } from '../../core/views/deployment-view.ts';
import type { Page } from '../../core/views/page.ts';
import { deploymentsOfBuilds } from './deployment-views.ts';
import type { Reader, ViewContext } from './view-context.ts';

/** Builds, newest first, of one project or of all. @param before Id of the last one of the page before. */
export async function readBuilds(
  db: Reader,
  {
    projectId,
    before,
    limit,
  }: { readonly projectId: string | null; readonly before: string | null; readonly limit: number },
  context: ViewContext,
): Promise<Page<BuildSummary>> {
  let query = selectSummaries(db)
    .orderBy('build.id', 'desc')
    .limit(limit + 1);
  if (projectId !== null) query = query.where('build.project_id', '=', projectId);
  if (before !== null) query = query.where('build.id', '<', before);
  const rows = await query.execute();
  const items = await withDeployments(db, rows.slice(0, limit), context);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** What a list shows of one build; null when there is none. */
export async function readBuildSummary(
  db: Reader,
  buildId: string,
  context: ViewContext,
): Promise<BuildSummary | null> {
  const row = await selectSummaries(db).where('build.id', '=', buildId).executeTakeFirst();
  return row === undefined ? null : ((await withDeployments(db, [row], context))[0] ?? null);
}

async function withDeployments(
  db: Reader,
  rows: readonly SummaryRow[],
  context: ViewContext,
): Promise<readonly BuildSummary[]> {
  const deployments = await deploymentsOfBuilds(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => toSummary(row, lastIntoEach(deployments.get(row.id) ?? []), context));
}

export type SummaryRow = Awaited<ReturnType<ReturnType<typeof selectSummaries>['execute']>>[number];

/** The query behind every summary; plans and other large columns stay where they are. */
export function selectSummaries(db: Reader) {
  return db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select([
      'build.id',
      'build.number',
      'build.project_id',
      'project.path',
      'build.status',
      'build.reason',
      'build.code',
      'build.event_kind',
      'build.event_json',
      'build.ref_name',
      'build.commit',
      'build.created_at',
      'build.started_at',
      'build.finished_at',
    ]);
}

export function toSummary<D extends readonly DeploymentSummary[]>(
  row: SummaryRow,
  deployments: D,
  { waitingOf }: ViewContext,
): BuildSummary & { readonly deployments: D } {
  const event = readEvent(row.event_json);
  return {
    id: row.id,
    number: row.number,
    projectId: row.project_id,
    projectPath: row.path,
    status: row.status,
    reason: row.reason,
    ...codeAndFix(row),
    event: row.event_kind,
    refName: row.ref_name,
    commit: row.commit,
    commitUrl: event.url,
    message: event.message,
    author: event.author.name,
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    finishedAtMs: row.finished_at,
    waiting: row.status === 'pending' ? waitingOf(row.id) : null,
    deployments,
  };
}
