import { newId } from '../core/id.ts';
import {
  eventsOfBuild,
  eventsOfDeployment,
  wants,
  type NotificationEvent,
  type NotificationMessage,
  type TargetChoice,
} from '../core/notification.ts';
import { Problem } from '../core/problem.ts';
import { isEnd, type Status } from '../core/status.ts';
import { readVerdictBefore, type InLine } from '../store/read/build-line.ts';
import type { BuildTable } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { insertEffect } from './insert-effect.ts';

/** Payload of an effect of kind `notification`. What opens the receiver is read when it is sent, never kept here. */
export interface NotificationEffect {
  readonly targetId: string;
  /** Of several of one target, the one that is meant; null for a webhook. */
  readonly address: string | null;
  readonly message: NotificationMessage;
}

/** What a good end is where the one before was bad; who wants either event hears of it by that name. */
const RECOVERY: readonly NotificationEvent[] = ['build.recovered', 'build.ended'];

/** Records that the project's targets are to be told of a build's end, in the transaction that ends it. */
export async function notifyBuild(tx: Tx, id: string, status: Status, at: number): Promise<void> {
  if (!isEnd(status)) return;
  const build = await tx.db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .selectAll('build')
    .select('project.path')
    .where('build.id', '=', id)
    .executeTakeFirstOrThrow();
  const targets = await targetsOf(tx, build.project_id);
  if (targets.length === 0) return;
  const branch = branchOf(build);
  // Looked at only where it may be a recovery and somebody hears of that: all writing waits meanwhile.
  const looksBack =
    status === 'success' &&
    build.event_kind !== 'tag' &&
    targets.some((target) => wants(target, RECOVERY, branch));
  const before = looksBack ? await readVerdictBefore(tx.db, lineOf(build)) : null;
  await insertMessages(tx, {
    ...{ targets, happened: eventsOfBuild(status, before), branch, subjectId: id, at },
    message: { atMs: at, project: build.path, path: `/builds/${id}`, build: told(build), deployment: null },
  });
}

/** As {@link notifyBuild}, of a deployment. */
export async function notifyDeployment(tx: Tx, id: string, status: Status, at: number): Promise<void> {
  const happened = isEnd(status) ? eventsOfDeployment(status) : [];
  if (happened.length === 0) return;
  const deployment = await tx.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .selectAll('deployment')
    .select(['environment.name as environment', 'environment.project_id', 'project.path'])
    .where('deployment.id', '=', id)
    .executeTakeFirstOrThrow();
  const targets = await targetsOf(tx, deployment.project_id);
  if (targets.length === 0) return;
  const build = await tx.db
    .selectFrom('build')
    .selectAll()
    .where('id', '=', deployment.build_id ?? '')
    .executeTakeFirst();
  const { environment, reason, cause, environment_id } = deployment;
  await insertMessages(tx, {
    ...{ targets, happened, branch: build === undefined ? null : branchOf(build), subjectId: id, at },
    message: {
      atMs: at,
      project: deployment.path,
      path: `/environments/${environment_id}`,
      build: build === undefined ? null : told(build),
      deployment: { id, environment, status, reason, cause },
    },
  });
}

/** Records a message that only shows whether a target is reached. @throws Problem `not_found`. */
export async function notifyTest(
  tx: Tx,
  { projectId, targetId }: { readonly projectId: string; readonly targetId: string },
  at: number,
): Promise<void> {
  const target = await tx.db
    .selectFrom('notification_target')
    .innerJoin('project', 'project.id', 'notification_target.project_id')
    .selectAll('notification_target')
    .select('project.path')
    .where('notification_target.id', '=', targetId)
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  if (target === undefined) throw new Problem('not_found', { what: 'notification target', id: targetId });
  const path = `/projects/${target.project_id}`;
  const message = {
    event: 'test',
    atMs: at,
    project: target.path,
    path,
    build: null,
    deployment: null,
  } as const;
  // Each is one of its own.
  await insertFor(tx, readTarget(target), { subjectId: targetId, once: newId('fx', at), message, at });
}

interface Target extends TargetChoice {
  readonly id: string;
  /** E-mail addresses, of which each is told by itself; a webhook has one address that is not here. */
  readonly addresses: readonly (string | null)[];
}

async function targetsOf(tx: Tx, projectId: string): Promise<readonly Target[]> {
  const rows = await tx.db
    .selectFrom('notification_target')
    .selectAll()
    .where('project_id', '=', projectId)
    .orderBy('id')
    .execute();
  return rows.map(readTarget);
}

interface TargetRow {
  readonly id: string;
  readonly kind: 'webhook' | 'email';
  readonly to_json: string;
  readonly events_json: string;
  readonly branches_json: string;
}

function readTarget({ id, kind, to_json, events_json, branches_json }: TargetRow): Target {
  return {
    id,
    addresses: kind === 'email' ? (JSON.parse(to_json) as string[]) : [null],
    events: JSON.parse(events_json) as NotificationEvent[],
    branches: JSON.parse(branches_json) as string[],
  };
}

async function insertMessages(
  tx: Tx,
  {
    targets,
    happened,
    branch,
    subjectId,
    message,
    at,
  }: {
    readonly targets: readonly Target[];
    readonly happened: readonly NotificationEvent[];
    readonly branch: string | null;
    readonly subjectId: string;
    readonly message: Omit<NotificationMessage, 'event'>;
    readonly at: number;
  },
): Promise<void> {
  const [event] = happened;
  if (event === undefined) return;
  for (const target of targets)
    if (wants(target, happened, branch))
      await insertFor(tx, target, { subjectId, once: subjectId, message: { event, ...message }, at });
}

/** @param once What happened: a target is told of it once, whoever records it again. */
async function insertFor(
  tx: Tx,
  { id: targetId, addresses }: Target,
  {
    subjectId,
    once,
    message,
    at,
  }: {
    readonly subjectId: string;
    readonly once: string;
    readonly message: NotificationMessage;
    readonly at: number;
  },
): Promise<void> {
  for (const address of addresses) {
    const part = address === null ? '' : ` ${address}`;
    await insertEffect(tx, {
      key: `${targetId}:${once}${part}`,
      kind: 'notification',
      subjectId,
      target: `${targetId}${part}`,
      payload: { targetId, address, message } satisfies NotificationEffect,
      at,
    });
  }
}

/** A branch's own builds, by the clock too; those of tags and pull requests have none, whatever they are ordered by. */
function branchOf({ event_kind, branch }: Pick<BuildTable, 'event_kind' | 'branch'>): string | null {
  return event_kind === 'push' || event_kind === 'manual' || event_kind === 'cron' ? branch : null;
}

function lineOf({
  project_id: projectId,
  event_kind: kind,
  ref_name: refName,
  number,
}: Pick<BuildTable, 'project_id' | 'event_kind' | 'ref_name' | 'number'>): InLine {
  return { projectId, kind, refName, number };
}

function told(
  build: Pick<
    BuildTable,
    | 'id'
    | 'number'
    | 'reason'
    | 'event_kind'
    | 'event_json'
    | 'ref_name'
    | 'commit'
    | 'started_at'
    | 'finished_at'
  > & { readonly status: Status },
): NonNullable<NotificationMessage['build']> {
  const { message, author } = JSON.parse(build.event_json) as { message: string; author: { name: string } };
  return {
    id: build.id,
    number: build.number,
    status: build.status,
    reason: build.reason,
    event: build.event_kind,
    ref: build.ref_name,
    commit: build.commit,
    message: (message.split('\n')[0] ?? '').slice(0, 500),
    author: author.name,
    startedAtMs: build.started_at,
    finishedAtMs: build.finished_at,
  };
}
