import { countsText } from '../../src/core/test-report.ts';
import type { BuildView, StepView, WorkflowView } from '../../src/core/view.ts';
import { waitsForTests } from '../at-work.ts';
import { StatusBadge } from './status.tsx';
import { Took, useNow } from './time.tsx';

interface WaterfallProps {
  readonly build: BuildView;
  readonly chosen: string | null;
  readonly onChoose: (logId: string) => void;
}

/** Steps in their order, each with its bar on the build's own time axis. */
export function Waterfall({ build, chosen, onChoose }: WaterfallProps) {
  const now = useNow(build.finishedAtMs === null ? 500 : 60_000);
  const from = build.startedAtMs ?? build.createdAtMs;
  const to = Math.max(build.finishedAtMs ?? now, from + 1);
  return (
    <>
      {build.workflows.map((workflow) => (
        <section key={workflow.id} class="card workflow" aria-label={`Workflow ${workflow.name}`}>
          <h2>
            Steps <WorkflowNote workflow={workflow} />
          </h2>
          <ol class="steps">
            {workflow.steps.map((step) => (
              <StepRow
                key={step.id}
                step={step}
                note={noteOf(step, workflow, build)}
                axis={{ from, to, now }}
                chosen={chosen}
                onChoose={onChoose}
              />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

function WorkflowNote({ workflow }: { workflow: WorkflowView }) {
  const parts = [
    workflow.workerName === null ? null : `on ${workflow.workerName}`,
    workflow.attempt > 1 ? `attempt ${workflow.attempt}` : null,
  ].filter((part) => part !== null);
  return <span class="note">{parts.join(', ')}</span>;
}

/** What a step is, or waits for, where its name does not say it. */
function noteOf(step: StepView, { steps }: WorkflowView, build: BuildView): string | null {
  if (waitsForTests(step, steps, build)) return 'waits for the tests';
  return step.kind === 'step' || step.kind === step.name ? null : step.kind;
}

interface StepRowProps {
  readonly step: StepView;
  readonly note: string | null;
  readonly axis: { readonly from: number; readonly to: number; readonly now: number };
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
  if (attempt === undefined || attempt.startedAtMs === null) return <span class="bar" />;
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
