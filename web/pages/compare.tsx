import { useLocation, useRoute } from 'preact-iso';
import { workflowLabel } from '../../src/core/matrix-label.ts';
import type { AttemptsView, TriedView } from '../../src/core/views/attempts-view.ts';
import { segment } from '../api.ts';
import { attemptName, useAttempts } from '../parts/attempts.tsx';
import { Empty, Waiting } from '../parts/load.tsx';
import { Log } from '../parts/log.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Took } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';
import { Words } from '../parts/words.tsx';

const SIDES = ['left', 'right'] as const;
type Side = (typeof SIDES)[number];

/** Two attempts of a step beside one another: how each ended, and its log. */
export function ComparePage() {
  const id = useRoute().params['build'] ?? '';
  const { query, route } = useLocation();
  const { value, error } = useAttempts(id);
  const step = value === null ? undefined : findStep(value, query['left'] ?? '');
  useTitle(step === undefined ? 'Attempts' : `Attempts of ${step.title}`);
  if (value === null) return <Waiting error={error} what="the attempts" />;
  const back = <a href={`/builds/${segment(id)}`}>the build</a>;
  if (step === undefined)
    return (
      <Empty title="There is no such attempt any more">
        Its build was removed, or the address is not whole. Back to {back}.
      </Empty>
    );
  const chosen = (side: Side): string => query[side] ?? '';
  const choose = (side: Side, attempt: string): void => {
    const next = { left: chosen('left'), right: chosen('right'), [side]: attempt };
    route(`/builds/${segment(id)}/compare?left=${segment(next.left)}&right=${segment(next.right)}`, true);
  };
  return (
    <article class="compare">
      <header class="build-head">
        <h1>Attempts of {step.title}</h1>
        <p class="meta">Back to {back}</p>
      </header>
      <div class="compare-sides">
        {SIDES.map((side) => (
          <Column
            key={side}
            side={side}
            title={step.title}
            attempts={step.attempts}
            chosen={chosen(side)}
            onChoose={(attempt) => choose(side, attempt)}
          />
        ))}
      </div>
    </article>
  );
}

interface ColumnProps {
  readonly side: Side;
  readonly title: string;
  readonly attempts: readonly TriedView[];
  readonly chosen: string;
  readonly onChoose: (attempt: string) => void;
}

function Column({ side, title, attempts, chosen, onChoose }: ColumnProps) {
  const attempt = attempts.find(({ id }) => id === chosen) ?? attempts.at(-1);
  if (attempt === undefined) return null;
  const name = attemptName(attempt);
  return (
    <section class="compare-side" aria-label={`The attempt on the ${side}`}>
      <p class="compare-head">
        <select
          aria-label={`Attempt on the ${side}`}
          value={attempt.id}
          onChange={(event) => onChoose(event.currentTarget.value)}
        >
          {attempts.map((one) => (
            <option key={one.id} value={one.id}>
              {attemptName(one)} {one.status}
            </option>
          ))}
        </select>
        <StatusBadge status={attempt.status} />
        <Took fromMs={attempt.startedAtMs} toMs={attempt.finishedAtMs} />
        {attempt.workerName !== null && <span class="note">on {attempt.workerName}</span>}
        {attempt.reason !== null && (
          <span class="note">
            <Words text={attempt.reason} />
          </span>
        )}
      </p>
      <Log
        key={attempt.logId}
        logId={attempt.logId}
        title={`${title} in ${name}`}
        page={`/builds/${attempt.buildId}`}
      />
    </section>
  );
}

function findStep(
  { workflows }: AttemptsView,
  attemptId: string,
): { readonly title: string; readonly attempts: readonly TriedView[] } | undefined {
  for (const workflow of workflows)
    for (const { name, attempts } of workflow.steps)
      if (attempts.some(({ id }) => id === attemptId))
        return { title: workflows.length > 1 ? `${workflowLabel(workflow)}: ${name}` : name, attempts };
  return undefined;
}
