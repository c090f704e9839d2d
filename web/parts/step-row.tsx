import type { Status } from '../../src/core/status.ts';
import { countsText } from '../../src/core/test-report.ts';
import type { CarriedView, StepView } from '../../src/core/views/workflow-view.ts';
import { api, segment } from '../api.ts';
import type { TimeSpan } from '../shares.ts';
import { Action } from './action.tsx';
import { StatusBadge } from './status.tsx';
import { Took } from './time.tsx';

/** The time that bars are drawn on, in epoch ms. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

export interface StepRowProps {
  readonly step: StepView;
  readonly note: string | null;
  readonly axis: Axis;
  readonly chosen: string | null;
  readonly onChoose: (logId: string) => void;
}

/** A step of a workflow: how it stands, its bar, its attempts; it opens its log. */
export function StepRow({ step, note, axis, chosen, onChoose }: StepRowProps) {
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
        <Bar status={step.status} span={spanOfStep(step)} axis={axis} />
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

function spanOfStep({ attempts, carriedFrom }: StepView): TimeSpan | null {
  const attempt = attempts.at(-1);
  if (attempt?.startedAtMs == null || carriedFrom !== undefined) return null;
  return { fromMs: attempt.startedAtMs, toMs: attempt.finishedAtMs };
}

const WIDTH = 1000;

/** Where on the axis something was at work; empty where it was not, or not in this build. */
export function Bar({ status, span, axis }: { status: Status; span: TimeSpan | null; axis: Axis }) {
  if (span === null) return <span class="bar" />;
  const at = (ms: number): number =>
    ((Math.min(Math.max(ms, axis.from), axis.to) - axis.from) / (axis.to - axis.from)) * WIDTH;
  const left = at(span.fromMs);
  const width = Math.max(6, at(span.toMs ?? axis.now) - left);
  return (
    <svg
      class={`bar bar-${status}`}
      viewBox={`0 0 ${WIDTH} 10`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect x={Math.min(left, WIDTH - width)} y="0" width={width} height="10" />
    </svg>
  );
}

/** Where something was green that does not run again in this build; null for what is its own. */
export function carriedWords(from: CarriedView | undefined): string | null {
  if (from === undefined) return null;
  return from === null ? 'green in a build that was removed' : `green in #${from.number}`;
}
