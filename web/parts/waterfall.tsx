import { matrixLabel } from '../../src/core/matrix-label.ts';
import type { MatrixValues } from '../../src/core/plan.ts';
import { countsText } from '../../src/core/test-report.ts';
import type { BuildView, CarriedView, StepView, WorkflowView } from '../../src/core/view.ts';
import { api, segment } from '../api.ts';
import { waitsForTests } from '../at-work.ts';
import { Action } from './action.tsx';
import { StatusBadge } from './status.tsx';
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
  return (
    <ol class="steps">
      {workflow.steps.map((step) => (
        <StepRow
          key={step.id}
          step={step}
          note={noteOf(step, workflow, build)}
          axis={axis}
          chosen={chosen}
          onChoose={onChoose}
        />
      ))}
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

/** Where something was green that does not run again in this build; null for what is its own. */
function carriedWords(from: CarriedView | undefined): string | null {
  if (from === undefined) return null;
  return from === null ? 'green in a build that was removed' : `green in #${from.number}`;
}

/** What a step is, or waits for, where its name does not say it. */
function noteOf(step: StepView, { steps }: WorkflowView, build: BuildView): string | null {
  if (waitsForTests(step, steps, build)) return 'waits for the tests';
  if (step.cancelling === true) return 'is being cancelled';
  const carried = carriedWords(step.carriedFrom);
  if (carried !== null && step.status === 'success') return carried;
  return step.kind === 'step' || step.kind === step.name ? null : step.kind;
}

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

interface StepRowProps {
  readonly step: StepView;
  readonly note: string | null;
  readonly axis: Axis;
  readonly chosen: string | null;
  readonly onChoose: (logId: string) => void;
}

function StepRow({ step, note, axis, chosen, onChoose }: StepRowProps) {
  const attempt = step.attempts.at(-1);
  const active = step.attempts.some((candidate) => candidate.logId === chosen);
  const began = attempt !== undefined && attempt.startedAtMs !== null;
  return (
    <li class={`step ${active ? 'step-active' : ''}`}>
      <button
        type="button"
        class="step-button"
        disabled={!began}
        aria-current={active ? 'true' : undefined}
        onClick={() => attempt !== undefined && onChoose(attempt.logId)}
        title={step.reason ?? undefined}
      >
        <StatusBadge status={step.status} quiet />
        <span class="step-name">
          {step.name}
          {note !== null && <span class="note"> {note}</span>}
          {attempt?.tests !== undefined && <span class="note"> {countsText(attempt.tests)}</span>}
        </span>
        <span class="step-took">
          {attempt !== undefined && <Took fromMs={attempt.startedAtMs} toMs={attempt.finishedAtMs} />}
        </span>
        <Bar step={step} axis={axis} />
      </button>
      {step.kind === 'step' && step.status === 'running' && step.cancelling !== true && (
        <span class="step-action">
          <Action
            kind="quiet"
            label={`Cancel the step ${step.name}`}
            run={() => api('POST', `/steps/${segment(step.id)}/cancel`)}
          >
            Cancel
          </Action>
        </span>
      )}
      {step.attempts.length > 1 && (
        <span class="attempts">
          {step.attempts.map((each) => (
            <button
              key={each.id}
              type="button"
              class="quiet"
              aria-pressed={each.logId === chosen}
              onClick={() => onChoose(each.logId)}
            >
              attempt {each.attempt}
            </button>
          ))}
        </span>
      )}
    </li>
  );
}

const WIDTH = 1000;

function Bar({ step, axis }: Pick<StepRowProps, 'step' | 'axis'>) {
  const attempt = step.attempts.at(-1);
  const isElsewhere = step.carriedFrom !== undefined;
  if (attempt === undefined || attempt.startedAtMs === null || isElsewhere) return <span class="bar" />;
  const at = (ms: number): number =>
    ((Math.min(Math.max(ms, axis.from), axis.to) - axis.from) / (axis.to - axis.from)) * WIDTH;
  const left = at(attempt.startedAtMs);
  const width = Math.max(6, at(attempt.finishedAtMs ?? axis.now) - left);
  return (
    <svg
      class={`bar bar-${step.status}`}
      viewBox={`0 0 ${WIDTH} 10`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect x={Math.min(left, WIDTH - width)} y="0" width={width} height="10" />
    </svg>
  );
}
