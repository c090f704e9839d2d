import { sql } from 'kysely';
import { divideFiles, withUnknown } from '../core/divide-files.ts';
import { readEvent } from '../core/event.ts';
import type { Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { WorkflowRepeat } from '../core/repeat.ts';
import { shareName, SPLIT_LIMITS, type Division } from '../core/split.ts';
import type { SplitAnswer, SplitRequest } from '../protocol/worker.ts';
import { readFileDurations } from '../store/read/file-durations.ts';
import type { Reading, Store, Tx } from '../store/store.ts';
import type { OpenLease } from './builds.ts';
import { demandLease } from './lease-rows.ts';

/**
 * Divides the test files of a step among its shares by what they took in earlier builds, and keeps that: all shares of the
 * workflow, in each of its attempts, are told the same, and so are those that a re-run of what failed runs again.
 * @throws Problem `lease_lost`; `not_allowed` for a step that the lease's workflow does not split; `split_no_room` where the
 * build has kept so many names of files that these would be too many.
 */
export async function divideSplit(
  store: Store,
  lease: OpenLease,
  { step, files }: SplitRequest,
): Promise<SplitAnswer> {
  // Looked up before the transaction: others write meanwhile, and what they add changes nothing that is decided.
  const { workflow } = await splitOf(store, lease, step);
  const wanted = { ...workflow, event: readEvent(workflow.event_json), step };
  const isDivided = (await recordedDivision(store, workflow.id, step)) !== null;
  const durations = isDivided ? new Map() : await readFileDurations(store.db, wanted, files);
  return store.transaction(async (tx) => {
    const { workflow: now, of } = await splitOf(tx, lease, step);
    const before = await recordedDivision(tx, now.id, step);
    const isKept = keptShares(now.repeat_json, step, of);
    const division =
      before === null
        ? divideFiles(files, durations, of)
        : withUnknown(before, files, (share) => !isKept(share));
    if (division !== before) await keepDivision(tx, now, step, division);
    return { division };
  });
}

async function splitOf(reading: Reading, lease: OpenLease, step: string) {
  const { subject_kind, subject_id } = await demandLease(reading, lease.id);
  if (subject_kind !== 'workflow') throw new Problem('not_allowed');
  const workflow = await reading.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select([
      'workflow.id',
      'workflow.name',
      'workflow.matrix_json',
      'workflow.plan_json',
      'workflow.repeat_json',
      'workflow.build_id',
      'build.project_id',
      'build.event_json',
      'project.default_branch',
    ])
    .where('workflow.id', '=', subject_id)
    .executeTakeFirstOrThrow();
  const { steps } = JSON.parse(workflow.plan_json) as Plan;
  const split = steps.find((one) => one.split?.step === step)?.split;
  if (split === undefined) throw new Problem('not_allowed');
  return { workflow, of: split.of };
}

async function recordedDivision({ db }: Reading, workflowId: string, step: string): Promise<Division | null> {
  const row = await db
    .selectFrom('division')
    .select('shares_json')
    .where('workflow_id', '=', workflowId)
    .where('step', '=', step)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.shares_json) as Division);
}

/** Whether a share, from 0, was green before and does not run again. */
function keptShares(repeat_json: string | null, step: string, of: number): (share: number) => boolean {
  const repeat = JSON.parse(repeat_json ?? 'null') as WorkflowRepeat | null;
  const kept = new Set(repeat?.kept.flatMap(({ kind, name }) => (kind === 'step' ? [name] : [])));
  return (share) => kept.has(shareName(step, share + 1, of));
}

async function keepDivision(
  { db }: Tx,
  { id: workflow_id, build_id }: { readonly id: string; readonly build_id: string },
  step: string,
  division: Division,
): Promise<void> {
  const shares_json = JSON.stringify(division);
  const bytes = Buffer.byteLength(shares_json) + (await bytesOfOthers(db, { workflow_id, build_id, step }));
  const limit = SPLIT_LIMITS.buildBytes;
  if (bytes > limit) throw new Problem('split_no_room', { step, bytes, limit });
  await db
    .insertInto('division')
    .values({ workflow_id, step, build_id, shares_json })
    .onConflict((conflict) => conflict.columns(['workflow_id', 'step']).doUpdateSet({ shares_json }))
    .execute();
}

/**
 * Of all divisions of the build but this one. In the transaction, so that workflows that ask at once do not pass the bound
 * together: `octet_length` is of what stands before a long text, and reads no such text itself.
 */
async function bytesOfOthers(
  db: Tx['db'],
  own: { readonly workflow_id: string; readonly build_id: string; readonly step: string },
): Promise<number> {
  const { bytes } = await db
    .selectFrom('division')
    .select(sql<number | string | null>`sum(octet_length(shares_json))`.as('bytes'))
    .where('build_id', '=', own.build_id)
    .where((eb) => eb.or([eb('workflow_id', '!=', own.workflow_id), eb('step', '!=', own.step)]))
    .executeTakeFirstOrThrow();
  return Number(bytes ?? 0);
}
