import type { PullRequestEvent, RepositoryEvent } from '../core/event.ts';
import { timeOrder } from '../core/id.ts';
import { findSkipMark } from '../hosts/skip-ci.ts';
import type { DeliveryMeaning } from '../hosts/delivery-meaning.ts';
import type { Tx } from '../store/store.ts';
import { learnInstallation } from './connect-project.ts';
import { finishDelivery, linkBuild } from './delivery-rows.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { keepSchedules } from './keep-schedules.ts';
import type { Unplanned } from './plan-build.ts';
import { DRAFT, planSource, partsOf } from './plan-source.ts';
import { findProjectOf, type ProjectRow } from './project-row.ts';
import { findPushBuild, takeOverPullRequestBuild } from './push-build.ts';
import { findTwin, type PushTwin } from './push-twin.ts';
import { readSource, type Source } from './read-source.ts';
import { supersede } from './supersede.ts';
import { withSource } from './with-source.ts';

/** A delivery on its way to a build. Deliveries of one repository are taken in one after the other. */
export interface TakenDelivery {
  readonly id: string;
  readonly meaning: DeliveryMeaning;
  /** The App's installation that it names; null for none. */
  readonly installation: string | null;
}

/**
 * Turns a delivery into what it leads to: a build, a link to one, or nothing with the reason. All of it is
 * recorded with the delivery's outcome in one transaction, so a delivery taken in twice leads to the same.
 * Returns the new builds, which have no plan yet.
 * @throws Problem when the repository cannot be read; then nothing is recorded.
 */
export async function takeIn(deps: IntakeDeps, delivery: TakenDelivery): Promise<readonly Unplanned[]> {
  const { meaning } = delivery;
  if (meaning.kind === 'ignored') return ignore(deps, delivery, meaning.reason);
  const known = await findProjectOf(deps, meaning.repository);
  if (known === null)
    return ignore(
      deps,
      delivery,
      `no project builds ${meaning.repository}; \`slipway project add\` makes one`,
    );
  const project = await learnInstallation(deps, known, delivery.installation);
  if (meaning.kind === 'blocked') return block(deps, delivery, project, meaning.event, meaning.reason);
  const source = await readSource(deps, project, meaning.event);
  const event = withSource(meaning.event, source);
  const mark = event.kind === 'tag' ? null : findSkipMark(event.message);
  if (mark !== null) return ignore(deps, delivery, `the commit message says ${mark}`);
  if (event.kind === 'pull_request') return buildPullRequest(deps, delivery, project, event, source);
  return buildPush(deps, delivery, project, event, source);
}

async function ignore(deps: IntakeDeps, delivery: TakenDelivery, reason: string): Promise<readonly []> {
  await deps.store.grouped((tx) => finishDelivery(tx, delivery.id, 'ignored', reason));
  return [];
}

async function block(
  { store, builds }: IntakeDeps,
  delivery: TakenDelivery,
  project: ProjectRow,
  event: RepositoryEvent,
  reason: string,
): Promise<readonly []> {
  await store.grouped(async (tx) => {
    const build = { projectId: project.id, deliveryId: delivery.id, event, outcome: null, blocked: reason };
    const { buildId } = await builds.createBuildIn(tx, build);
    await linkBuild(tx, delivery.id, buildId, event);
    await finishDelivery(tx, delivery.id, 'blocked', reason);
  });
  return [];
}

async function buildPush(
  deps: IntakeDeps,
  delivery: TakenDelivery,
  project: ProjectRow,
  event: RepositoryEvent,
  source: Source,
): Promise<readonly Unplanned[]> {
  return deps.store.grouped(async (tx) => {
    const known = event.kind === 'push' ? await takeOverPullRequestBuild(tx, project.id, event) : null;
    const buildId = known ?? (await create(deps, tx, delivery.id, project, event));
    await keepPushed(deps, tx, delivery.id, { project, event, source });
    await linkBuild(tx, delivery.id, buildId, event);
    const reason = known === null ? null : 'a pull request had this commit built';
    await finishDelivery(tx, delivery.id, 'built', reason);
    return known === null ? [{ buildId, project, event, source }] : [];
  });
}

/** A push of the default branch says when builds are made by the clock; one that was overtaken says it no longer. */
async function keepPushed(
  { clock }: IntakeDeps,
  tx: Tx,
  deliveryId: string,
  { project, event, source }: { project: ProjectRow; event: RepositoryEvent; source: Source },
): Promise<void> {
  if (event.kind !== 'push' || event.branch !== project.default_branch) return;
  const newer = await tx.db
    .selectFrom('build')
    .where('project_id', '=', project.id)
    .where('branch', '=', event.branch)
    .where('event_kind', 'in', ['push', 'manual', 'cron'])
    .where('branch_order', '>', timeOrder(deliveryId))
    .select('id')
    .limit(1)
    .executeTakeFirst();
  if (newer === undefined) await keepSchedules(tx, { projectId: project.id, source, nowMs: clock.nowMs() });
}

/**
 * A pull request of the same repository: its commit is on a branch, so the push's plan, variables and secrets
 * hold. It links to the push's build, or makes it when the push's delivery is not here yet. Steps, tags and
 * deployments that only a pull request has are another build's.
 */
async function buildPullRequest(
  deps: IntakeDeps,
  delivery: TakenDelivery,
  project: ProjectRow,
  event: PullRequestEvent,
  source: Source,
): Promise<readonly Unplanned[]> {
  const twin = await findTwin(deps, project, event);
  const isMore = hasOwnParts(deps, { project, event, source }, twin);
  const { pushBuildId, unplanned } = await deps.store.grouped(async (tx) => {
    const unplanned: Unplanned[] = [];
    const known = (await findPushBuild(tx, project.id, twin.event))?.id ?? null;
    const pushBuildId = known ?? (await create(deps, tx, delivery.id, project, twin.event));
    await linkBuild(tx, delivery.id, pushBuildId, event);
    if (known === null)
      unplanned.push({ buildId: pushBuildId, project, event: twin.event, source: twin.source });
    if (isMore) {
      const buildId = await createSecond(deps, tx, delivery.id, project, event);
      await linkBuild(tx, delivery.id, buildId, event);
      unplanned.push({ buildId, project, event, source });
    }
    const reason = known === null ? null : 'its push had this commit built';
    await finishDelivery(tx, delivery.id, 'built', reason);
    return { pushBuildId, unplanned };
  });
  await supersede(deps, project, event, pushBuildId);
  return unplanned;
}

async function create(
  { builds }: IntakeDeps,
  tx: Tx,
  deliveryId: string | null,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<string> {
  const build = { projectId: project.id, deliveryId, event, outcome: null, blocked: null };
  return (await builds.createBuildIn(tx, build)).buildId;
}

/** Another build of the same delivery. */
async function createSecond(
  { builds }: IntakeDeps,
  tx: Tx,
  arrivedWith: string,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<string> {
  const second = { deliveryId: null, arrivedWith };
  const build = { projectId: project.id, ...second, event, outcome: null, blocked: null };
  return (await builds.createBuildIn(tx, build)).buildId;
}

function hasOwnParts(
  { settings }: IntakeDeps,
  { project, event, source }: { project: ProjectRow; event: PullRequestEvent; source: Source },
  twin: PushTwin,
): boolean {
  const own = partsOf(planSource(settings, project, event, source, DRAFT));
  return [...own].some((name) => !twin.parts.has(name));
}
