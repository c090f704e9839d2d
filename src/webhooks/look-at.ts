import type { Selectable } from 'kysely';
import type { Problem } from '../core/problem.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostAnswer } from '../ports/git-host.ts';
import type { DeliverySource, HostDeliveries, ListedDelivery } from '../ports/host-deliveries.ts';
import type { DeliveryLookTable } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { AskedSource } from './delivery-sources.ts';
import type { DeliveryStore } from './delivery-store.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly deliveries: Pick<DeliveryStore, 'record'>;
  readonly host: HostDeliveries;
  readonly events: ReadonlySet<string>;
  /** Address of this server's webhook. */
  readonly webhookUrl: string;
}

/** Pages of one look; a longer list goes on with the next. */
const PAGES = 10;
/** A delivery is listed once it was answered or given up, and clocks differ: so much is looked at again. */
const OVERLAP_MS = 15 * 60_000;

/**
 * Goes through what the Git host has sent, newest first, down to where the last look that came to its end began, and
 * records what is not here, each once. How far it is, is recorded page by page: a kill or a rate limit costs a page.
 * @returns How many were recorded, and why the host does not tell, where it refuses.
 */
export async function lookAt(
  deps: Deps,
  asked: AskedSource,
  signal: AbortSignal,
): Promise<{ readonly taken: number; readonly problem: Problem | null }> {
  const source = await sourceOf(deps, asked, signal);
  if (source.kind !== 'ok' || source.value === null) return { taken: 0, problem: refusalOf(source) };
  let look = await readLook(deps.store, asked);
  const until = look.until ?? deps.clock.nowMs() - OVERLAP_MS;
  let taken = 0;
  for (let pages = 0; pages < PAGES; pages++) {
    const page = await deps.host.list(source.value, look.cursor, signal);
    if (page.kind === 'refused' && look.cursor !== null) {
      // Cursors do not last: from the newest again.
      look = await keepLook(deps.store, { ...look, until: null, cursor: null });
      return { taken, problem: null };
    }
    if (page.kind !== 'ok') return { taken, problem: refusalOf(page) };
    const { items, next } = page.value;
    const missing = await findMissing(
      deps,
      items.filter(({ deliveredAtMs }) => deliveredAtMs > look.since),
    );
    for (const one of missing) {
      const answer = await takeIn(deps, source.value, one, signal);
      if (answer.kind !== 'ok') return { taken, problem: refusalOf(answer) };
      taken += answer.value;
    }
    const isEnd = next === null || items.some(({ deliveredAtMs }) => deliveredAtMs <= look.since);
    if (isEnd) {
      const since = Math.max(look.since, until);
      await keepLook(deps.store, { ...look, since, until: null, cursor: null });
      return { taken, problem: null };
    }
    look = await keepLook(deps.store, { ...look, until, cursor: next });
  }
  return { taken, problem: null };
}

const refusalOf = (answer: HostAnswer<unknown>): Problem | null =>
  answer.kind === 'refused' ? answer.problem : null;

/** Null where the repository has no webhook that sends here. */
async function sourceOf(
  { host, webhookUrl }: Deps,
  { repository }: AskedSource,
  signal: AbortSignal,
): Promise<HostAnswer<DeliverySource | null>> {
  if (repository === null) return { kind: 'ok', value: { kind: 'app' } };
  const answer = await host.findWebhook(repository, webhookUrl, signal);
  if (answer.kind !== 'ok') return answer;
  const webhook = answer.value;
  return { kind: 'ok', value: webhook === null ? null : { kind: 'webhook', repository, webhook } };
}

type Look = Omit<Selectable<DeliveryLookTable>, 'version'>;

async function readLook(store: Store, { name, sinceMs }: AskedSource): Promise<Look> {
  const row = await store.db
    .selectFrom('delivery_look')
    .select(['source', 'since', 'until', 'cursor'])
    .where('source', '=', name)
    .executeTakeFirst();
  if (row === undefined) return { source: name, since: sinceMs, until: null, cursor: null };
  return { ...row, since: Math.max(row.since, sinceMs) };
}

async function keepLook(store: Store, look: Look): Promise<Look> {
  const { source, ...set } = look;
  await store.transaction((tx) =>
    tx.db
      .insertInto('delivery_look')
      .values(look)
      .onConflict((conflict) =>
        conflict
          .column('source')
          .doUpdateSet((eb) => ({ ...set, version: eb('delivery_look.version', '+', 1) })),
      )
      .execute(),
  );
  return { source, ...set };
}

/** Those that may lead to a build and are not here, oldest first; of one that was sent again, the first. */
async function findMissing(
  { store, events }: Deps,
  items: readonly ListedDelivery[],
): Promise<readonly ListedDelivery[]> {
  const wanted = new Map(
    items.filter(({ event }) => events.has(event)).map((one) => [one.hostDeliveryId, one]),
  );
  if (wanted.size === 0) return [];
  const known = await store.db
    .selectFrom('delivery')
    .select(['host_delivery_id', 'event'])
    .where('host', '=', 'github')
    .where('host_delivery_id', 'in', [...wanted.keys()])
    .execute();
  // Who sent one before under its id as another event does not keep it out.
  for (const { host_delivery_id: id, event } of known) if (wanted.get(id)?.event === event) wanted.delete(id);
  return [...wanted.values()].reverse().sort((a, b) => a.deliveredAtMs - b.deliveredAtMs);
}

const isGone = ({ code, details }: Problem): boolean => code === 'host_refused' || details['status'] === 404;

/** Records a delivery at the place in the order of arrival where it would have come; 0 for one that is nobody's. */
async function takeIn(
  { store, clock, deliveries, host }: Deps,
  source: DeliverySource,
  { id, hostDeliveryId, event, deliveredAtMs }: ListedDelivery,
  signal: AbortSignal,
): Promise<HostAnswer<0 | 1>> {
  const answer = await host.read(source, id, signal);
  // One that the host does not have any more holds up no other.
  if (answer.kind === 'refused' && isGone(answer.problem)) return { kind: 'ok', value: 0 };
  if (answer.kind !== 'ok') return answer;
  const { action, repository, body } = answer.value;
  const project = await store.db
    .selectFrom('project')
    .select('created_at')
    .where('host_repository', '=', repository ?? '')
    .orderBy('id')
    .executeTakeFirst();
  if (body === null || (project !== undefined && deliveredAtMs < project.created_at))
    return { kind: 'ok', value: 0 };
  const { isNew } = await deliveries.record({
    ...{ host: 'github', hostDeliveryId, event, action, repository, body },
    receivedAtMs: clock.nowMs(),
    sentAtMs: deliveredAtMs,
  });
  return { kind: 'ok', value: isNew ? 1 : 0 };
}
