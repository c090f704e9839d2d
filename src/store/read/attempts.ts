import { sql } from 'kysely';
import { codeAndFix } from '../../core/end.ts';
import { workflowLabel } from '../../core/matrix-label.ts';
import type { MatrixValues } from '../../core/plan.ts';
import type { AttemptsView, TriedView } from '../../core/views/attempts-view.ts';
import type { BuildReferenceView } from '../../core/views/build-reference-view.ts';
import type { Reader } from './view-context.ts';

/** Of builds that run the same again, so many are looked at, the newest. */
const MOST_BUILDS = 20;

/** So many steps are told of, those that were red most often. */
const MOST_STEPS = 200;

interface TriedStep {
  readonly kind: AttemptsView['workflows'][number]['steps'][number]['kind'];
  readonly name: string;
  readonly attempts: TriedView[];
}

interface TriedWorkflow {
  readonly name: string;
  readonly matrix: MatrixValues | null;
  readonly steps: Map<string, TriedStep>;
}

/** The tries of the steps that began more than once in what a build is of; null when there is no such build. */
export async function readAttempts(db: Reader, buildId: string): Promise<AttemptsView | null> {
  const builds = await buildsOfLine(db, buildId);
  if (builds === null) return null;
  const workflows = new Map<string, TriedWorkflow>();
  const counts = new Map<string, number>();
  for (const row of await selectTries(db, builds).execute()) {
    const { workflowName, matrixJson, kind, stepName, ...tried } = row;
    const matrix = JSON.parse(matrixJson ?? 'null') as MatrixValues | null;
    const label = workflowLabel({ name: workflowName, matrix });
    // Counted as on the page of its build, where those that never began have their place too.
    const place = `${tried.buildId} ${label} ${kind} ${stepName}`;
    const attempt = (counts.get(place) ?? 0) + 1;
    counts.set(place, attempt);
    if (tried.startedAtMs === null) continue;
    const workflow = workflows.get(label) ?? {
      name: workflowName,
      matrix,
      steps: new Map<string, TriedStep>(),
    };
    workflows.set(label, workflow);
    const step = workflow.steps.get(`${kind} ${stepName}`) ?? { kind, name: stepName, attempts: [] };
    workflow.steps.set(`${kind} ${stepName}`, step);
    step.attempts.push({ ...tried, ...codeAndFix(tried), attempt, logId: tried.id });
  }
  return {
    workflows: [...workflows.values()].map((workflow) => ({
      ...workflow,
      steps: [...workflow.steps.values()],
    })),
  };
}

/** In the order of the builds, their workflows and steps. */
function selectTries(db: Reader, builds: readonly BuildReferenceView[]) {
  const own = db
    .selectFrom('workflow')
    .innerJoin('step', 'step.workflow_id', 'workflow.id')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .where(
      'workflow.build_id',
      'in',
      builds.map(({ id }) => id),
    )
    .where('workflow.carried_from', 'is', null)
    .where('step.carried_from', 'is', null);
  const several = own
    .where('step_attempt.started_at', 'is not', null)
    .select(['workflow.name as workflow', 'workflow.matrix_json', 'step.kind', 'step.name'])
    .groupBy(['workflow.name', 'workflow.matrix_json', 'step.kind', 'step.name'])
    .having((eb) => eb.fn.countAll<number>(), '>', 1)
    .orderBy(sql`sum(case when step_attempt.status = 'success' then 0 else 1 end)`, 'desc')
    .orderBy((eb) => eb.fn.min('step.position'))
    .limit(MOST_STEPS);
  return (
    own
      .innerJoin(several.as('several'), (join) =>
        join
          .onRef('several.workflow', '=', 'workflow.name')
          .onRef('several.kind', '=', 'step.kind')
          .onRef('several.name', '=', 'step.name')
          .on(sql`coalesce(several.matrix_json, '')`, '=', sql`coalesce(workflow.matrix_json, '')`),
      )
      .innerJoin('build', 'build.id', 'workflow.build_id')
      .leftJoin('lease', (join) =>
        join
          .onRef('lease.subject_id', '=', 'workflow.id')
          .onRef('lease.attempt', '=', 'step_attempt.workflow_attempt'),
      )
      .leftJoin('worker', 'worker.id', 'lease.worker_id')
      .select([
        'build.id as buildId',
        'build.number as buildNumber',
        'workflow.name as workflowName',
        'workflow.matrix_json as matrixJson',
        'step.kind',
        'step.name as stepName',
        'step_attempt.id',
        'step_attempt.status',
        'step_attempt.reason',
        'step_attempt.code',
        'step_attempt.exit_code as exitCode',
        'step_attempt.started_at as startedAtMs',
        'step_attempt.finished_at as finishedAtMs',
        'worker.name as workerName',
      ])
      // Of the attempts after the first, those that came to pass.
      .where((eb) => eb.or([eb('step_attempt.attempt', '=', 1), eb('step_attempt.status', '!=', 'pending')]))
      .orderBy('build.id')
      .orderBy('workflow.position')
      .orderBy('step.position')
      .orderBy('step_attempt.workflow_attempt')
      .orderBy('step_attempt.attempt')
  );
}

/** The build with those of the same plan that it is a re-run of, or that are re-runs of it, in no order. */
async function buildsOfLine(db: Reader, buildId: string): Promise<readonly BuildReferenceView[] | null> {
  const build = await db
    .selectFrom('build')
    .select(['id', 'rerun_of'])
    .where('id', '=', buildId)
    .executeTakeFirst();
  if (build === undefined) return null;
  const first = build.rerun_of ?? build.id;
  return db
    .selectFrom('build')
    .select(['id', 'number'])
    .where((eb) => eb.or([eb('id', '=', first), eb('rerun_of', '=', first)]))
    .orderBy('id', 'desc')
    .limit(MOST_BUILDS)
    .execute();
}
