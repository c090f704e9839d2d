import { Problem } from '../core/problem.ts';
import { isLast, type Report } from '../core/work.ts';
import type { ReportsAnswer } from '../protocol/worker.ts';
import type { Tx } from '../store/store.ts';
import type { OpenLease } from './builds.ts';
import type { BuildsDeps } from './deps.ts';
import { demandLease, FINISHED } from './lease-rows.ts';
import type { LeaseRow } from './lease-rows.ts';
import { recordEvent } from './record-event.ts';
import { reportDeployment } from './report-deployment.ts';
import { reportWorkflow } from './report-workflow.ts';

/** What a report meets: its lease, and times that the server believes. */
export interface ReportContext {
  readonly deps: BuildsDeps;
  readonly tx: Tx;
  readonly lease: LeaseRow;
  /** The server's time. */
  readonly now: number;
  /** When the report was made, in the server's time as the worker counts it on, kept between the lease's grant and now. */
  readonly at: number;
}

/**
 * Takes reports in, each once, in their order. A report that may not be taken in yet stops there: those before
 * it are committed. So does the last one of the work, with which the lease ends.
 * @throws Problem `lease_lost`, `log_not_ended`, `switch_refused`, `request_wrong` for an image that was not put.
 */
export async function takeReports(
  deps: BuildsDeps,
  lease: OpenLease,
  reports: readonly Report[],
): Promise<ReportsAnswer> {
  const unsealed = await firstUnsealed(deps, lease, reports);
  const { accepted, refusal } = await deps.store.grouped((tx) =>
    takeIn(deps, tx, { lease, reports, unsealed }),
  );
  if (refusal !== null) throw refusal;
  return { accepted };
}

interface Batch {
  readonly lease: OpenLease;
  readonly reports: readonly Report[];
  readonly unsealed: { readonly n: number; readonly problem: Problem } | null;
}

async function takeIn(
  deps: BuildsDeps,
  tx: Tx,
  { lease, reports, unsealed }: Batch,
): Promise<{ accepted: number; refusal: Problem | null }> {
  const row = await demandLeaseOrFinished(tx, lease.id, reports);
  let accepted = row.reports;
  let refusal: Problem | null = null;
  const now = deps.clock.nowMs();
  for (const report of [...reports].sort((a, b) => a.n - b.n)) {
    if (report.n !== accepted + 1) continue;
    refusal = unsealed?.n === report.n ? unsealed.problem : null;
    const at = Math.min(now, Math.max(report.atMs, row.granted_at));
    refusal ??= await takeOne({ deps, tx, lease: row, now, at }, report);
    if (refusal !== null) break;
    accepted = report.n;
    if (isLast(report)) break;
  }
  if (accepted > row.reports)
    await tx.db.updateTable('lease').set({ reports: accepted }).where('id', '=', row.id).execute();
  return { accepted, refusal };
}

/** A lease that its last report ended still answers repeats of what it took in. */
async function demandLeaseOrFinished(tx: Tx, leaseId: string, reports: readonly Report[]): Promise<LeaseRow> {
  const row = await tx.db.selectFrom('lease').selectAll().where('id', '=', leaseId).executeTakeFirst();
  const repeats = row !== undefined && reports.every(({ n }) => n <= row.reports);
  return repeats && row.end_reason === FINISHED ? row : demandLease(tx, leaseId);
}

async function takeOne(context: ReportContext, report: Report): Promise<Problem | null> {
  const { lease, tx, now } = context;
  const take = lease.subject_kind === 'workflow' ? reportWorkflow : reportDeployment;
  const outcome = await take(context, report);
  if (outcome instanceof Problem) return outcome;
  // A report that fits no state is a worker's mistake: kept for people, not repeated for ever.
  if (outcome === 'ignored')
    await recordEvent(tx, {
      at: now,
      subject: lease.subject_kind,
      subjectId: lease.subject_id,
      buildId: null,
      type: 'report.ignored',
      detail: { lease: lease.id, report },
    });
  return null;
}

/** The first report of an end whose log has not ended; looked up before the transaction, since logs only grow. */
async function firstUnsealed(
  deps: BuildsDeps,
  lease: OpenLease,
  reports: readonly Report[],
): Promise<Batch['unsealed']> {
  for (const report of reports) {
    const log = await logOf(deps, lease, report);
    if (log === null || log.bytes === 0) continue;
    const state = await deps.logs.state(log.id);
    if (state.sealed && state.bytes === log.bytes) continue;
    const details = { attempt: log.id, received: state.bytes, expected: log.bytes };
    return { n: report.n, problem: new Problem('log_not_ended', details) };
  }
  return null;
}

async function logOf(
  deps: BuildsDeps,
  lease: OpenLease,
  report: Report,
): Promise<{ id: string; bytes: number } | null> {
  if (report.type === 'step.finished') return { id: report.attemptId, bytes: report.logBytes };
  if (report.type !== 'deployment.finished') return null;
  const row = await deps.store.db
    .selectFrom('deployment')
    .select('log_id')
    .where('id', '=', lease.subject.id)
    .executeTakeFirst();
  return row === undefined ? null : { id: row.log_id, bytes: report.logBytes };
}
