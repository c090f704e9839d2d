import type { Selectable } from 'kysely';
import { mayAbort, PHASES } from '../core/deployment.ts';
import type { DeploymentPhase } from '../core/deployment.ts';
import { badEnd } from '../core/end.ts';
import type { DeployPlan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import { applySlotAction } from '../core/slots.ts';
import type { Report } from '../core/work.ts';
import type { DeploymentTable } from '../store/schema.ts';
import { abortSlots, demandFreeHosts, readSlots, writeSlots } from './environments.ts';
import { closeLease, FINISHED } from './lease-rows.ts';
import { endOf, endUndone, loseLease } from './lose-lease.ts';
import { recordEvent } from './record-event.ts';
import { settleEnvironment } from './settle-environment.ts';
import type { ReportContext } from './take-reports.ts';
import { transition } from './transition.ts';
import { readVerdict } from './verdict.ts';

type DeploymentRow = Selectable<DeploymentTable>;
type Outcome = 'taken' | 'ignored' | Problem;
type Finished = Extract<Report, { type: 'deployment.finished' }>;

/** Takes in what a deployer tells; a Problem for a switch that may not begin. */
export async function reportDeployment(context: ReportContext, report: Report): Promise<Outcome> {
  const row = await context.tx.db
    .selectFrom('deployment')
    .selectAll()
    .where('id', '=', context.lease.subject_id)
    .executeTakeFirstOrThrow();
  if (row.status !== 'running') return 'ignored';
  if (report.type === 'deployment.phase') return enterPhase(context, row, report.phase, report.detail);
  if (report.type === 'deployment.finished') return finish(context, row, report);
  return 'ignored';
}

async function enterPhase(
  context: ReportContext,
  row: DeploymentRow,
  phase: DeploymentPhase,
  detail: string | null,
): Promise<Outcome> {
  if (phase === row.phase) return 'taken';
  if (PHASES.indexOf(phase) < PHASES.indexOf(row.phase)) return 'ignored';
  const switches = mayAbort(row.phase) && !mayAbort(phase);
  if (switches) {
    const refusal = await refuseSwitch(context, row);
    if (refusal !== null) return refusal;
  }
  const { tx, at } = context;
  await tx.db
    .updateTable('deployment')
    .set((eb) => ({
      phase,
      // The switch is done once the old slot drains.
      ...(row.switched_at === null &&
        PHASES.indexOf(phase) >= PHASES.indexOf('draining') && { switched_at: at }),
      version: eb('version', '+', 1),
    }))
    .where('id', '=', row.id)
    .execute();
  if (phase === 'starting') await startInSlot(context, row);
  if (switches) await switchSlots(context, row);
  if (phase === 'done') await retireStandby(context, row);
  await tellPhase(context, row, phase, detail);
  if (switches) await settleEnvironment(tx, row.environment_id, context.now);
  return 'taken';
}

async function tellPhase(
  { tx, at }: ReportContext,
  row: DeploymentRow,
  phase: DeploymentPhase,
  detail: string | null,
): Promise<void> {
  await recordEvent(tx, {
    at,
    subject: 'deployment',
    subjectId: row.id,
    buildId: row.build_id,
    type: `deployment.phase.${phase}`,
    detail: { detail },
  });
  tx.changed('deployment', row.id);
  tx.changed('environment', row.environment_id);
  if (row.build_id !== null) tx.changed('build', row.build_id);
}

async function refuseSwitch({ tx }: ReportContext, row: DeploymentRow): Promise<Problem | null> {
  const verdict = await readVerdict(tx, row);
  const refuse = (cause: string) => new Problem('switch_refused', { deployment: row.id, cause });
  if (verdict === 'wait') return refuse('its build is not green yet');
  if (verdict === 'abort') return refuse(endOf(row.cancel_requested)?.[1] ?? 'its build is not green');
  if (row.release_id === null || row.candidate === null) return refuse('it has no release');
  try {
    await demandFreeHosts(tx, (JSON.parse(row.settings_json) as DeployPlan).hosts, row.environment_id);
    return null;
  } catch (error) {
    if (error instanceof Problem && error.code === 'host_taken') return refuse(error.message);
    throw error;
  }
}

async function startInSlot({ tx, now }: ReportContext, row: DeploymentRow): Promise<void> {
  if (row.candidate === null) return;
  const before = await readSlots(tx, row.environment_id);
  const after = applySlotAction(before, {
    type: 'start',
    candidate: row.candidate,
    deploymentId: row.id,
  });
  await writeSlots(tx, row.environment_id, { before, after, at: now });
}

/** Recorded before it is done: from now on the router may serve either slot, and the record says the new one. */
async function switchSlots({ tx, now }: ReportContext, row: DeploymentRow): Promise<void> {
  const settings = JSON.parse(row.settings_json) as DeployPlan;
  const before = await readSlots(tx, row.environment_id);
  const after = applySlotAction(before, {
    type: 'switch',
    candidate: row.candidate ?? 0,
    deploymentId: row.id,
    releaseId: row.release_id ?? '',
    port: settings.port,
    standbyUntilMs: now + settings.standbyMs,
  });
  await writeSlots(tx, row.environment_id, { before, after, at: now });
  await tx.db
    .updateTable('environment')
    .set((eb) => ({ hosts_json: JSON.stringify(settings.hosts), version: eb('version', '+', 1) }))
    .where('id', '=', row.environment_id)
    .execute();
}

/** Its deployer has drained and removed the old slot, where the file wants no standby. */
async function retireStandby({ tx, now }: ReportContext, row: DeploymentRow): Promise<void> {
  if ((JSON.parse(row.settings_json) as DeployPlan).standbyMs > 0) return;
  const before = await readSlots(tx, row.environment_id);
  const after = applySlotAction(before, { type: 'retire' });
  await writeSlots(tx, row.environment_id, { before, after, at: now });
}

async function finish(context: ReportContext, row: DeploymentRow, report: Finished): Promise<Outcome> {
  const { tx, lease, now } = context;
  const switched = !mayAbort(row.phase);
  // Nothing but success ends a switch: it is placed again and resumed.
  if (row.phase === 'switching' && report.status !== 'success') {
    await loseLease(
      tx,
      lease,
      `its deployer gave up while switching: ${report.reason ?? report.status}`,
      now,
    );
    return 'taken';
  }
  await closeLease(tx, lease, FINISHED, now);
  const undone = switched ? null : endOf(row.cancel_requested);
  if (undone !== null) await endUndone(tx, row, undone, now);
  else await end(context, row, report);
  tx.changed('environment', row.environment_id);
  await settleEnvironment(tx, row.environment_id, now);
  return 'taken';
}

async function end(context: ReportContext, row: DeploymentRow, report: Finished): Promise<void> {
  const { tx, now, at } = context;
  const switched = !mayAbort(row.phase);
  const untrue = !switched && report.status === 'success';
  const { status: to, reason, code } = untrue ? badEnd('switch_not_made') : report;
  const done = { phase: 'done', switched_at: row.switched_at ?? at } as const;
  const set = { finished_at: now, ...(to === 'success' && done) };
  const change = { table: 'deployment', id: row.id, buildId: row.build_id, at: now } as const;
  await transition(tx, { ...change, to, reason, code, set });
  if (!switched) await abortSlots(tx, row, now);
  else if (to === 'success') await retireStandby(context, row);
}
