import { workflowLabel } from '../../core/matrix-label.ts';
import type { AttemptsView, TriedView, WorkflowView } from '../../core/view.ts';
import type { Reader } from './view-context.ts';
import { workflowsOfBuild } from './workflow-views.ts';

/** Of builds that run the same again, so many are looked at, the newest. */
const MOST_BUILDS = 20;

type TriedWorkflow = AttemptsView['workflows'][number];
type TriedStep = TriedWorkflow['steps'][number];

/** Every try of what a build is of; null when there is no such build. */
export async function readAttempts(db: Reader, buildId: string): Promise<AttemptsView | null> {
  const builds = await buildsOfLine(db, buildId);
  if (builds === null) return null;
  const workflows = new Map<string, { workflow: WorkflowView; steps: Map<string, TriedStep> }>();
  for (const build of builds) {
    const workers = await workersOf(db, build.id);
    for (const workflow of await workflowsOfBuild(db, build.id)) {
      if (workflow.carriedFrom !== undefined) continue;
      const label = workflowLabel(workflow);
      const found = workflows.get(label) ?? { workflow, steps: new Map<string, TriedStep>() };
      workflows.set(label, found);
      for (const step of workflow.steps.filter(({ carriedFrom }) => carriedFrom === undefined)) {
        const key = `${step.kind} ${step.name}`;
        const before = found.steps.get(key)?.attempts ?? [];
        const tried = step.attempts
          .filter(({ startedAtMs }) => startedAtMs !== null)
          .map(({ tests: _, ...attempt }): TriedView => ({
            ...attempt,
            buildId: build.id,
            buildNumber: build.number,
            workerName: workers.get(attempt.id) ?? null,
          }));
        found.steps.set(key, { kind: step.kind, name: step.name, attempts: [...before, ...tried] });
      }
    }
  }
  return { workflows: [...workflows.values()].map(severalTimes).filter(({ steps }) => steps.length > 0) };
}

function severalTimes({
  workflow: { name, matrix },
  steps,
}: {
  readonly workflow: WorkflowView;
  readonly steps: ReadonlyMap<string, TriedStep>;
}): TriedWorkflow {
  return { name, matrix, steps: [...steps.values()].filter(({ attempts }) => attempts.length > 1) };
}

/** The build with those of the same plan that it is a re-run of, or that are re-runs of it; the oldest first. */
async function buildsOfLine(
  db: Reader,
  buildId: string,
): Promise<readonly { readonly id: string; readonly number: number }[] | null> {
  const build = await db
    .selectFrom('build')
    .select(['id', 'rerun_of'])
    .where('id', '=', buildId)
    .executeTakeFirst();
  if (build === undefined) return null;
  const first = build.rerun_of ?? build.id;
  const rows = await db
    .selectFrom('build')
    .select(['id', 'number'])
    .where((eb) => eb.or([eb('id', '=', first), eb('rerun_of', '=', first)]))
    .orderBy('id', 'desc')
    .limit(MOST_BUILDS)
    .execute();
  return rows.reverse();
}

/** Which worker ran each attempt of a build's steps: that of the lease of its workflow's attempt. */
async function workersOf(db: Reader, buildId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('workflow')
    .innerJoin('step', 'step.workflow_id', 'workflow.id')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .innerJoin('lease', (join) =>
      join
        .onRef('lease.subject_id', '=', 'workflow.id')
        .onRef('lease.attempt', '=', 'step_attempt.workflow_attempt'),
    )
    .innerJoin('worker', 'worker.id', 'lease.worker_id')
    .select(['step_attempt.id', 'worker.name'])
    .where('workflow.build_id', '=', buildId)
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
