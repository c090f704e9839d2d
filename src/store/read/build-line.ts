import { kindsOfContext } from '../../core/commit-status.ts';
import { readEvent } from '../../core/event.ts';
import type { RepositoryEvent } from '../../core/event.ts';
import type { PreviousBuild } from '../../ports/build-variables.ts';
import type { Reader } from './view-context.ts';

/** A build in the line of builds of its branch, tag or pull request. */
export interface InLine {
  readonly projectId: string;
  readonly kind: RepositoryEvent['kind'];
  readonly refName: string;
  readonly number: number;
}

/** The build before one in its line, whatever became of it; null for the first. */
export async function readPreviousBuild(db: Reader, build: InLine): Promise<PreviousBuild | null> {
  const row = await db
    .selectFrom('build')
    .leftJoin('build as first', 'first.id', 'build.rerun_of')
    .where('build.project_id', '=', build.projectId)
    .where('build.ref_name', '=', build.refName)
    .where('build.event_kind', 'in', kindsOfContext(build.kind))
    .where('build.number', '<', build.number)
    .orderBy('build.number', 'desc')
    .limit(1)
    .select([
      'build.id',
      'build.number',
      'build.status',
      'build.event_json',
      'build.created_at as createdAtMs',
      'build.started_at as startedAtMs',
      'build.finished_at as finishedAtMs',
      'first.number as rerunOf',
    ])
    .executeTakeFirst();
  if (row === undefined) return null;
  const { event_json, ...known } = row;
  return { event: readEvent(event_json), build: known };
}

/** How the last build before one in its line ended that was good or bad; null for none. */
export async function readVerdictBefore(db: Reader, build: InLine): Promise<Verdict | null> {
  const row = await verdictBefore(db, build).executeTakeFirst();
  return (row?.status ?? null) as Verdict | null;
}

type Verdict = (typeof VERDICTS)[number];
const VERDICTS = ['success', 'failure', 'error'] as const;

/** What {@link readVerdictBefore} asks: along the index `build_line` from the build back, however long the history is. */
export function verdictBefore(db: Reader, { projectId, kind, refName, number }: InLine) {
  return db
    .selectFrom('build')
    .select('status')
    .where('project_id', '=', projectId)
    .where('ref_name', '=', refName)
    .where('event_kind', 'in', kindsOfContext(kind))
    .where('number', '<', number)
    .where('status', 'in', VERDICTS)
    .orderBy('number', 'desc')
    .limit(1);
}

/** How often a build was run again up to this one of its line, which is one of those. */
export async function countReruns(db: Reader, build: InLine, firstId: string): Promise<number> {
  const { count } = await db
    .selectFrom('build')
    .where('project_id', '=', build.projectId)
    .where('ref_name', '=', build.refName)
    .where('event_kind', '=', build.kind)
    .where('rerun_of', '=', firstId)
    .where('number', '<=', build.number)
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
