import { newId } from '../core/id.ts';
import type {
  NewTarget,
  NotificationEvent,
  NotificationTargetView,
  TargetChange,
} from '../core/notification.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reading, Store } from '../store/store.ts';
import { noNote, type Note } from '../store/store.ts';
import type { SecretBox } from './secret-box.ts';

/** Where projects' notifications go. Addresses of webhooks and what signs their bodies go in and are never told. */
export interface NotificationTargets {
  /** Of a project, in the order of their making. */
  list(projectId: string): Promise<readonly NotificationTargetView[]>;
  /** @throws Problem `not_found` for the project, `secret_too_short`. */
  add(projectId: string, target: NewTarget, note?: Note): Promise<NotificationTargetView>;
  /**
   * Changes one in place. What waits to be sent goes where it is then; to an e-mail address that it has no more, never.
   * @throws Problem `not_found`, `request_wrong` for what is of the other kind of target, or for a short secret.
   */
  change(
    projectId: string,
    targetId: string,
    change: TargetChange,
    note?: Note,
  ): Promise<NotificationTargetView>;
  /** What was not sent to it yet never is. @throws Problem `not_found`. */
  remove(projectId: string, targetId: string, note?: Note): Promise<void>;
  /** What its messages are sent with; null for one that was removed. */
  open(targetId: string): Promise<OpenTarget | null>;
}

export type OpenTarget =
  { readonly kind: 'webhook'; readonly url: string; readonly secret: string } | { readonly kind: 'email' };

interface Deps {
  readonly store: Store;
  readonly box: SecretBox;
  readonly clock: Clock;
}

/** What signs is not guessed. */
const LEAST_SECRET_BYTES = 16;

/** Targets in the database, each sealed for the very row it lies in. */
export function createNotificationTargets(deps: Deps): NotificationTargets {
  return {
    list: (projectId) => readTargets(deps.store, projectId),
    add: (projectId, target, note = noNote) => addTarget(deps, projectId, target, note),
    change: (projectId, targetId, change, note = noNote) =>
      changeTarget(deps, projectId, targetId, { change, note }),
    remove: (projectId, targetId, note = noNote) =>
      deps.store.transaction(async (tx) => {
        const done = await tx.db
          .deleteFrom('notification_target')
          .where('id', '=', targetId)
          .where('project_id', '=', projectId)
          .executeTakeFirst();
        if (done.numDeletedRows === 0n)
          throw new Problem('not_found', { what: 'notification target', id: targetId });
        // Of what was only tried, nothing else is left.
        await tx.db.deleteFrom('outbox').where('subject_id', '=', targetId).execute();
        tx.changed('project', projectId);
        await note(tx);
      }),
    open: (targetId) => openTarget(deps, targetId),
  };
}

async function addTarget(
  { store, box, clock }: Deps,
  projectId: string,
  target: NewTarget,
  note: Note,
): Promise<NotificationTargetView> {
  const at = clock.nowMs();
  const id = newId('ntf', at);
  if (target.kind === 'webhook') demandLength(target.secret);
  const to = target.kind === 'webhook' ? [new URL(target.url).origin] : target.addresses;
  const { kind, events, branches } = target;
  await store.transaction(async (tx) => {
    const project = await tx.db
      .selectFrom('project')
      .where('id', '=', projectId)
      .select('path')
      .executeTakeFirst();
    if (project === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
    await tx.db
      .insertInto('notification_target')
      .values({
        id,
        project_id: projectId,
        kind,
        to_json: JSON.stringify(to),
        sealed: target.kind === 'webhook' ? seal(box, id, target) : null,
        events_json: JSON.stringify(events),
        branches_json: JSON.stringify(branches),
        created_at: at,
      })
      .execute();
    tx.changed('project', projectId);
    await note(tx, { id, name: `${project.path}/${to.join(', ')}` });
  });
  return { id, kind, to, events, branches, createdAtMs: at, last: null };
}

async function changeTarget(
  { store, box }: Deps,
  projectId: string,
  id: string,
  { change, note }: { change: TargetChange; note: Note },
): Promise<NotificationTargetView> {
  if (change.secret !== undefined) demandLength(change.secret);
  await store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom('notification_target')
      .select(['sealed', 'to_json'])
      .where('id', '=', id)
      .where('project_id', '=', projectId)
      .executeTakeFirst();
    if (row === undefined) throw new Problem('not_found', { what: 'notification target', id });
    const other = (row.sealed === null ? (['url', 'secret'] as const) : (['addresses'] as const)).find(
      (field) => change[field] !== undefined,
    );
    if (other !== undefined)
      throw new Problem('request_wrong', { field: other, cause: 'is not of this kind of target' });
    const { events, branches } = change;
    await tx.db
      .updateTable('notification_target')
      .set({
        to_json: row.to_json,
        ...place(box, id, row.sealed, change),
        ...(events !== undefined && { events_json: JSON.stringify(events) }),
        ...(branches !== undefined && { branches_json: JSON.stringify(branches) }),
      })
      .where('id', '=', id)
      .execute();
    const { addresses } = change;
    const gone = (JSON.parse(row.to_json) as string[]).filter((one) => addresses?.includes(one) === false);
    if (gone.length > 0)
      await tx.db
        .deleteFrom('outbox')
        .where('state', '=', 'pending')
        .where(
          'target',
          'in',
          gone.map((one) => `${id} ${one}`),
        )
        .execute();
    tx.changed('project', projectId);
    await note(tx);
  });
  const changed = (await readTargets(store, projectId)).find((one) => one.id === id);
  if (changed === undefined) throw new Problem('not_found', { what: 'notification target', id });
  return changed;
}

/** The columns that say where it is, as far as they change. */
function place(
  box: SecretBox,
  id: string,
  sealed: string | null,
  { url, secret, addresses }: TargetChange,
): { to_json?: string; sealed?: string } {
  if (sealed === null)
    return addresses === undefined ? {} : { to_json: JSON.stringify([...new Set(addresses)]) };
  if (url === undefined && secret === undefined) return {};
  const before = unseal(box, id, sealed);
  const webhook = { url: url ?? before.url, secret: secret ?? before.secret };
  return { to_json: JSON.stringify([new URL(webhook.url).origin]), sealed: seal(box, id, webhook) };
}

/** @throws Problem `request_wrong`. */
function demandLength(secret: string): void {
  if (Buffer.byteLength(secret) >= LEAST_SECRET_BYTES) return;
  throw new Problem('request_wrong', {
    field: 'secret',
    cause: `is shorter than ${LEAST_SECRET_BYTES} bytes`,
  });
}

interface Webhook {
  readonly url: string;
  readonly secret: string;
}

function seal(box: SecretBox, id: string, { url, secret }: Webhook): string {
  return box.seal(JSON.stringify({ url, secret }), contextOf(id));
}

function unseal(box: SecretBox, id: string, sealed: string): Webhook {
  return JSON.parse(box.open(sealed, contextOf(id))) as Webhook;
}

async function openTarget({ store, box }: Deps, id: string): Promise<OpenTarget | null> {
  const row = await store.db
    .selectFrom('notification_target')
    .select(['kind', 'sealed'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.sealed === null) return { kind: 'email' };
  return { kind: 'webhook', ...unseal(box, id, row.sealed) };
}

async function readTargets(reading: Reading, projectId: string): Promise<readonly NotificationTargetView[]> {
  const rows = await reading.db
    .selectFrom('notification_target')
    .selectAll()
    .where('project_id', '=', projectId)
    .orderBy('id')
    .execute();
  return Promise.all(
    rows.map(async (row) => {
      const to = JSON.parse(row.to_json) as string[];
      return {
        id: row.id,
        kind: row.kind,
        to,
        events: JSON.parse(row.events_json) as NotificationEvent[],
        branches: JSON.parse(row.branches_json) as string[],
        createdAtMs: row.created_at,
        last: await lastOf(reading, row.kind === 'email' ? to.map((one) => `${row.id} ${one}`) : [row.id]),
      };
    }),
  );
}

/** @param targets As the outbox names them. */
async function lastOf({ db }: Reading, targets: readonly string[]): Promise<NotificationTargetView['last']> {
  const row = await db
    .selectFrom('outbox')
    .select(['state', 'result', 'created_at', 'finished_at'])
    .where('target', 'in', targets)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { atMs: row.finished_at ?? row.created_at, state: row.state, result: row.result };
}

const contextOf = (targetId: string): string => `notification/${targetId}`;
