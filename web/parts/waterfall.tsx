import { matrixLabel } from '../../src/core/matrix-label.ts';
import type { MatrixValues } from '../../src/core/plan.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { StepView, WorkflowView } from '../../src/core/views/workflow-view.ts';
import { waitsForTests } from '../at-work.ts';
import { groupShares } from '../shares.ts';
import { Shares } from './shares.tsx';
import { StatusBadge } from './status.tsx';
import { carriedWords, StepRow, type Axis } from './step-row.tsx';
import { Took, useNow } from './time.tsx';

interface WaterfallProps {
  readonly build: BuildView;
  readonly chosen: string | null;
  readonly onChoose: (logId: string) => void;
}

/** The workflows with their steps in their order, each step with its bar on the build's own time axis. */
export function Waterfall({ build, chosen, onChoose }: WaterfallProps) {
  const now = useNow(build.finishedAtMs === null ? 500 : 60_000);
  const from = build.startedAtMs ?? build.createdAtMs;
  const axis = { from, to: Math.max(build.finishedAtMs ?? now, from + 1), now };
  const shown = { build, axis, chosen, onChoose };
  const groups = Map.groupBy(build.workflows, ({ name }) => name);
  return (
    <>
      {[...groups].map(([name, workflows]) => (
        <section key={name} class="card workflow" aria-label={`Workflow ${name}`}>
          <Heading name={groups.size === 1 ? 'Steps' : name} workflows={workflows} />
          {workflows.map((workflow) =>
            workflow.matrix === null ? (
              <Steps key={workflow.id} workflow={workflow} {...shown} />
            ) : (
              <Combination key={workflow.id} workflow={workflow} matrix={workflow.matrix} {...shown} />
            ),
          )}
        </section>
      ))}
    </>
  );
}

interface ShownWorkflow extends WaterfallProps {
  readonly workflow: WorkflowView;
  readonly axis: Axis;
}

function Heading({ name, workflows }: { name: string; workflows: readonly WorkflowView[] }) {
  const [first] = workflows;
  if (first === undefined) return null;
  if (first.matrix === null)
    return (
      <h2>
        {name !== 'Steps' && <StatusBadge status={first.status} quiet />} {name}{' '}
        <WorkflowNote workflow={first} />
      </h2>
    );
  const green = workflows.filter(({ status }) => status === 'success').length;
  return (
    <h2>
      {name}{' '}
      <span class="note">
        {green} of {workflows.length} combinations green
      </span>
    </h2>
  );
}

/** One combination of a matrix: open while there is something to see, folded when it is green or has not begun. */
function Combination({ matrix, ...shown }: ShownWorkflow & { matrix: MatrixValues }) {
  const { workflow, chosen } = shown;
  const isChosen = workflow.steps.some((step) => step.attempts.some(({ logId }) => logId === chosen));
  const isOpen = isChosen || !['success', 'pending', 'skipped'].includes(workflow.status);
  return (
    <details class="combination" open={isOpen}>
      <summary>
        <StatusBadge status={workflow.status} quiet />
        <span class="combination-name" title={matrixLabel(matrix)}>
          {matrixLabel(matrix)} <WorkflowNote workflow={{ ...workflow, workerName: null }} />
        </span>
        <span class="step-took">
          <Took fromMs={workflow.startedAtMs} toMs={workflow.finishedAtMs} />
        </span>
      </summary>
      <Steps {...shown} />
    </details>
  );
}

function Steps({ workflow, build, axis, chosen, onChoose }: ShownWorkflow) {
  const noteOfStep = (step: StepView): string | null => noteOf(step, workflow, build);
  const shown = { axis, chosen, onChoose };
  return (
    <ol class="steps">
      {groupShares(workflow.steps).map((entry) =>
        'shares' in entry ? (
          <Shares key={`shares of ${entry.name}`} {...entry} noteOf={noteOfStep} {...shown} />
        ) : (
          <StepRow key={entry.id} step={entry} note={noteOfStep(entry)} {...shown} />
        ),
      )}
    </ol>
  );
}

function WorkflowNote({ workflow }: { workflow: WorkflowView }) {
  const waits = workflow.status === 'pending' && workflow.dependsOn.length > 0;
  const parts = [
    workflow.workerName === null ? null : `on ${workflow.workerName}`,
    workflow.attempt > 1 ? `attempt ${workflow.attempt}` : null,
    waits ? `waits for ${workflow.dependsOn.join(', ')}` : null,
    workflow.status === 'skipped' ? workflow.reason : null,
    carriedWords(workflow.carriedFrom),
  ].filter((part) => part !== null);
  return <span class="note">{parts.join(', ')}</span>;
}

/** What a step is, or waits for, where its name does not say it. */
function noteOf(step: StepView, { steps }: WorkflowView, build: BuildView): string | null {
  if (waitsForTests(step, steps, build)) return 'waits for the tests';
  if (step.cancelling === true) return 'is being cancelled';
  const carried = carriedWords(step.carriedFrom);
  if (carried !== null && step.status === 'success') return carried;
  if (step.ignored === true) return 'ignored';
  return step.kind === 'step' || step.kind === step.name ? null : step.kind;
}
