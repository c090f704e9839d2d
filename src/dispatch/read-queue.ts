import { isReady } from '../core/decide-workflows.ts';
import type { WorkflowRepeat } from '../core/repeat.ts';
import type { Labels } from '../core/labels.ts';
import type { WorkerFeature } from '../core/worker-feature.ts';
import type { Reading } from '../store/store.ts';
import type { Wanting, WorkerPlaces } from './choose-places.ts';
import type { GroupMember } from './hold-groups.ts';
import type { ProjectLoad, WaitingWorkflow } from './order-queue.ts';

export interface QueuedWorkflow extends WaitingWorkflow, Wanting, GroupMember {
  readonly buildId: string;
  readonly attempt: number;
  /** The worker it is placed on, not claimed yet. */
  readonly workerId: string | null;
  readonly placedAtMs: number | null;
}

/**
 * The workflows that wait for a place, or are placed and not claimed. Those of blocked builds are not among them, nor
 * those that wait for another workflow.
 */
export async function readWaiting({ db }: Reading): Promise<readonly QueuedWorkflow[]> {
  const rows = await db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select([
      'workflow.id',
      'workflow.attempt',
      'workflow.labels_json',
      'workflow.needs_json',
      'workflow.worker_id',
      'workflow.placed_at',
      'workflow.depends_on_json',
      'workflow.runs_on_json',
      'workflow.group_key',
      'workflow.group_limit',
      'workflow.repeat_json',
      'build.id as buildId',
      'build.number',
      'build.project_id',
      'build.branch',
      'build.event_kind',
      'project.default_branch',
    ])
    .where('workflow.status', '=', 'pending')
    .where('build.status', 'in', ['pending', 'running'])
    .where('build.cancel_requested', 'is', null)
    .execute();
  const ready = await readyOf(db, rows);
  const names = await namesOfWorkers(db, ready);
  return ready.map((row) => ({
    ...wantedBy(row, names),
    id: row.id,
    buildId: row.buildId,
    buildNumber: row.number,
    group: groupOf(row),
    attempt: row.attempt,
    labels: JSON.parse(row.labels_json) as Labels,
    projectId: row.project_id,
    // A pull request belongs to its target's order, but it is not on that branch.
    onDefaultBranch: row.event_kind !== 'pull_request' && row.branch === row.default_branch,
    workerId: row.worker_id,
    placedAtMs: row.placed_at,
  }));
}

function groupOf(row: { group_key: string | null; group_limit: number | null }): GroupMember['group'] {
  return row.group_key === null ? null : { key: row.group_key, limit: row.group_limit ?? 1 };
}

/** What it wants of its worker beside labels; of what runs again only in part also the worker. */
function wantedBy(
  { needs_json, repeat_json }: { readonly needs_json: string; readonly repeat_json: string | null },
  names: ReadonlyMap<string, string>,
): Pick<Wanting, 'features' | 'only'> {
  const needs = JSON.parse(needs_json) as WorkerFeature[];
  const repeat = JSON.parse(repeat_json ?? 'null') as WorkflowRepeat | null;
  if (repeat === null) return needs.length === 0 ? {} : { features: needs };
  const features = ['repeat' as const, ...needs];
  if (typeof repeat.image === 'string') return { features };
  const { workerId } = repeat.image;
  return { features, only: { id: workerId, name: names.get(workerId) ?? workerId } };
}

/** Of all workers, by their ids, where one of the rows may want one. */
async function namesOfWorkers(
  db: Reading['db'],
  rows: readonly { readonly repeat_json: string | null }[],
): Promise<ReadonlyMap<string, string>> {
  if (rows.every(({ repeat_json }) => repeat_json === null)) return new Map();
  const workers = await db.selectFrom('worker').select(['id', 'name']).execute();
  return new Map(workers.map(({ id, name }) => [id, name]));
}

/** Those whose dependencies are over. */
async function readyOf<R extends { buildId: string; depends_on_json: string; runs_on_json: string }>(
  db: Reading['db'],
  rows: readonly R[],
): Promise<readonly R[]> {
  const dependent = rows.filter((row) => row.depends_on_json !== '[]');
  const builds = [...new Set(dependent.map(({ buildId }) => buildId))];
  if (builds.length === 0) return rows;
  const others = await db
    .selectFrom('workflow')
    .select(['build_id', 'name', 'status'])
    .where('build_id', 'in', builds)
    .execute();
  return rows.filter((row) => {
    if (row.depends_on_json === '[]') return true;
    const dependsOn = JSON.parse(row.depends_on_json) as string[];
    const runsOn = JSON.parse(row.runs_on_json) as ('success' | 'failure')[];
    return isReady(
      { dependsOn, runsOn },
      others.filter((one) => one.build_id === row.buildId),
    );
  });
}

/** Builds that wait for their pipeline file to be read: they have no workflow yet. */
export async function readUnplanned({ db }: Reading): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('build')
    .select('id')
    .where('status', '=', 'pending')
    .where('planned', '=', 0)
    .execute();
  return rows.map((row) => row.id);
}

interface Running extends GroupMember {
  readonly workerId: string | null;
  readonly startedAtMs: number;
}

export async function readRunning({ db }: Reading): Promise<readonly Running[]> {
  const rows = await db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select([
      'workflow.id',
      'workflow.worker_id',
      'workflow.started_at',
      'workflow.group_key',
      'workflow.group_limit',
      'build.project_id',
      'build.number',
    ])
    .where('workflow.status', '=', 'running')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    projectId: row.project_id,
    buildNumber: row.number,
    group: groupOf(row),
    workerId: row.worker_id,
    startedAtMs: row.started_at ?? 0,
  }));
}

/** The connected workers with how much of each is taken, by what runs and what is placed. */
export async function readWorkers(
  { db }: Reading,
  connected: ReadonlyMap<string, number>,
  taken: readonly { readonly workerId: string | null }[],
): Promise<readonly WorkerPlaces[]> {
  const rows = await db
    .selectFrom('worker')
    .select(['id', 'queue', 'capacity', 'labels_json', 'features_json', 'draining_since', 'low_disk'])
    .execute();
  return rows
    .filter(({ id }) => connected.has(id))
    .map(({ labels_json, features_json, draining_since, low_disk, ...row }) => ({
      ...row,
      taken: taken.filter(({ workerId }) => workerId === row.id).length,
      labels: JSON.parse(labels_json) as Labels,
      features: JSON.parse(features_json) as string[],
      draining: draining_since !== null,
      lowDisk: low_disk,
    }));
}

/** How many places each project has now; `served` remembers who was served when. */
export function loadsOf(
  places: readonly { readonly projectId: string }[],
  served: ReadonlyMap<string, number>,
): ReadonlyMap<string, ProjectLoad> {
  const loads = new Map<string, ProjectLoad>();
  for (const [projectId, servedAtMs] of served) loads.set(projectId, { running: 0, servedAtMs });
  for (const { projectId } of places) {
    const load = loads.get(projectId) ?? { running: 0, servedAtMs: 0 };
    loads.set(projectId, { ...load, running: load.running + 1 });
  }
  return loads;
}
