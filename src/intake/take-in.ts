import type { Logger } from 'pino';
import type { BuildReference } from '../builds/index.ts';
import type { PullRequestEvent, RepositoryEvent } from '../core/event.ts';
import { findSkipMark } from '../hosts/skip-ci.ts';
import type { DeliveryMeaning } from '../hosts/delivery-meaning.ts';
import type { Tx } from '../store/store.ts';
import { learnInstallation } from './connect-project.ts';
import { finishDelivery, linkBuild } from './delivery-rows.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { keepSchedules, wantedSchedules } from './keep-schedules.ts';
import type { Unplanned } from './plan-build.ts';
import { DRAFT, planSource, partsOf } from './plan-source.ts';
import { findProjectOf, type ProjectRow } from './project-row.ts';
import { findPushBuild, takeOverPullRequestBuild } from './push-build.ts';
import { findTwin, type PushTwin } from './push-twin.ts';
import { unreachableOf } from './read-included.ts';
import { readSource, type Source } from './read-source.ts';
import { supersede } from './supersede.ts';
import { withSource } from './with-source.ts';

/** A delivery on its way to a build. Deliveries of one repository are taken in one after the other. */
export interface TakenDelivery {
  readonly id: string;
  /** What the Git host calls it. */
  readonly hostDeliveryId: string;
  readonly meaning: DeliveryMeaning;
  /** The App's installation that it names; null for none. */
  readonly installation: string | null;
}

/**
 * Turns a delivery into what it leads to: a build, a link to one, or nothing with the reason. All of it is
 * recorded with the delivery's outcome in one transaction, so a delivery taken in twice leads to the same.
 * Returns the new builds, which have no plan yet; each is logged, and so is a delivery that made none.
 * @param deps Its log names the delivery in every line.
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
  if (known.removing_at !== null) return ignore(deps, delivery, `the project ${known.path} is being removed`);
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
  deps.log.info({ outcome: 'ignored', reason }, 'the delivery made no build');
  return [];
}

async function block(
  { store, builds, log }: IntakeDeps,
  delivery: TakenDelivery,
  project: ProjectRow,
  event: RepositoryEvent,
  reason: string,
): Promise<readonly []> {
  const made = await store.grouped(async (tx) => {
    const build = { projectId: project.id, deliveryId: delivery.id, event, outcome: null, blocked: reason };
    const reference = await builds.createBuildIn(tx, build);
    await linkBuild(tx, delivery.id, reference.buildId, event);
    await finishDelivery(tx, delivery.id, 'blocked', reason);
    return reference;
  });
  logMade(log.child({ blocked: reason }), project, [made]);
  return [];
}

async function buildPush(
  deps: IntakeDeps,
  delivery: TakenDelivery,
  project: ProjectRow,
  event: RepositoryEvent,
  source: Source,
): Promise<readonly Unplanned[]> {
  const kept = event.kind === 'push' && event.branch === project.default_branch ? event : null;
  const wanted = kept === null ? null : wantedSchedules(deps, project, source);
  const { made, linked } = await deps.store.grouped(async (tx) => {
    const linked = event.kind === 'push' ? await takeOverPullRequestBuild(tx, project.id, event) : null;
    const made = linked === null ? [await create(deps, tx, delivery.id, project, event)] : [];
    if (kept !== null)
      await keepSchedules(tx, {
        ...{ projectId: project.id, branch: kept.branch, arrivedWith: delivery.id, wanted },
        isUnreachable: unreachableOf(source.included) !== null,
        nowMs: deps.clock.nowMs(),
      });
    for (const buildId of [...made.map((one) => one.buildId), ...(linked === null ? [] : [linked])])
      await linkBuild(tx, delivery.id, buildId, event);
    const reason = linked === null ? null : 'a pull request had this commit built';
    await finishDelivery(tx, delivery.id, 'built', reason);
    return { made, linked };
  });
  if (linked !== null) logLinked(deps.log, project, linked);
  logMade(deps.log, project, made);
  return made.map(({ buildId }) => ({ buildId, deliveryId: delivery.id, project, event, source }));
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
  const { known, pushBuildId, made, unplanned } = await deps.store.grouped(async (tx) => {
    const made: BuildReference[] = [];
    const unplanned: Unplanned[] = [];
    const about = { deliveryId: delivery.id, project };
    const known = (await findPushBuild(tx, project.id, twin.event))?.id ?? null;
    let pushBuildId = known;
    if (pushBuildId === null) {
      const first = await create(deps, tx, delivery.id, project, twin.event);
      made.push(first);
      unplanned.push({ ...about, buildId: first.buildId, event: twin.event, source: twin.source });
      pushBuildId = first.buildId;
    }
    await linkBuild(tx, delivery.id, pushBuildId, event);
    if (isMore) {
      const second = await createSecond(deps, tx, delivery.id, project, event);
      await linkBuild(tx, delivery.id, second.buildId, event);
      made.push(second);
      unplanned.push({ ...about, buildId: second.buildId, event, source });
    }
    const reason = known === null ? null : 'its push had this commit built';
    await finishDelivery(tx, delivery.id, 'built', reason);
    return { known, pushBuildId, made, unplanned };
  });
  if (known !== null) logLinked(deps.log, project, known);
  logMade(deps.log, project, made);
  await supersede(deps, project, event, pushBuildId);
  return unplanned;
}

function logMade(log: Logger, { path: project }: ProjectRow, made: readonly BuildReference[]): void {
  for (const { buildId, number } of made) log.info({ buildId, project, number }, 'the delivery made a build');
}

function logLinked(log: Logger, { path: project }: ProjectRow, buildId: string): void {
  log.info({ buildId, project }, 'the delivery belongs to a build that there was');
}

async function create(
  { builds }: IntakeDeps,
  tx: Tx,
  deliveryId: string | null,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<BuildReference> {
  return builds.createBuildIn(tx, { projectId: project.id, deliveryId, event, outcome: null, blocked: null });
}

/** Another build of the same delivery. */
async function createSecond(
  { builds }: IntakeDeps,
  tx: Tx,
  arrivedWith: string,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<BuildReference> {
  const second = { deliveryId: null, arrivedWith };
  return builds.createBuildIn(tx, { projectId: project.id, ...second, event, outcome: null, blocked: null });
}

/** @throws Problem `include_unreachable`: what the files include may be what only the pull request has. */
function hasOwnParts(
  { settings }: IntakeDeps,
  { project, event, source }: { project: ProjectRow; event: PullRequestEvent; source: Source },
  twin: PushTwin,
): boolean {
  const unreachable = unreachableOf(source.included) ?? unreachableOf(twin.source?.included ?? new Map());
  if (unreachable !== null) throw unreachable;
  const own = partsOf(planSource(settings, project, event, source, DRAFT));
  return [...own].some((name) => !twin.parts.has(name));
}
