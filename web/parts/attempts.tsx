import { useEffect } from 'preact/hooks';
import { workflowLabel } from '../../src/core/matrix-label.ts';
import type { AttemptsView, TriedView } from '../../src/core/views/attempts-view.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { api, segment } from '../api.ts';
import { useLoad } from './load.tsx';
import { StatusBadge } from './status.tsx';
import { Took } from './time.tsx';

interface AttemptsProps {
  readonly build: BuildView;
  readonly onChoose: (logId: string) => void;
}

/** The steps that were tried several times, here and in re-runs: how each try ended, where, and its log. */
export function Attempts({ build, onChoose }: AttemptsProps) {
  const { value, reload } = useAttempts(build.id);
  const tried = build.workflows.flatMap(({ steps }) => steps.flatMap(({ attempts }) => attempts));
  const state = tried.map(({ status }) => status).join(' ');
  useEffect(reload, [state, reload]);
  if (value === null || value.workflows.length === 0) return null;
  return (
    <section class="card tries" aria-label="Attempts">
      <h2>Attempts</h2>
      {value.workflows.map(({ name, matrix, steps }) =>
        steps.map((step) => (
          <div key={`${workflowLabel({ name, matrix })} ${step.kind} ${step.name}`}>
            <h3>
              {value.workflows.length > 1 && `${workflowLabel({ name, matrix })}: `}
              {step.name}{' '}
              <a class="button quiet" href={comparePath(build.id, step.attempts)}>
                Compare<span class="visually-hidden"> the attempts of {step.name}</span>
              </a>
            </h3>
            <ol>
              {step.attempts.map((attempt) => (
                <Try key={attempt.id} attempt={attempt} build={build} onChoose={onChoose} />
              ))}
            </ol>
          </div>
        )),
      )}
    </section>
  );
}

/** What is told of the attempts of a build's steps; see {@link AttemptsView}. */
export function useAttempts(buildId: string) {
  return useLoad(`attempts of ${buildId}`, () =>
    api<AttemptsView>('GET', `/builds/${segment(buildId)}/attempts`),
  );
}

function Try({ attempt, build, onChoose }: { attempt: TriedView } & AttemptsProps) {
  const isOwn = attempt.buildId === build.id;
  return (
    <li>
      <StatusBadge status={attempt.status} quiet />
      <span class="try-name" title={attempt.reason ?? undefined}>
        {attemptName(attempt)}{' '}
        {attempt.workerName !== null && <span class="note">on {attempt.workerName}</span>}
      </span>
      <span class="step-took">
        <Took fromMs={attempt.startedAtMs} toMs={attempt.finishedAtMs} />
      </span>
      {isOwn ? (
        <button type="button" class="quiet" onClick={() => onChoose(attempt.logId)}>
          Log
        </button>
      ) : (
        <a class="button quiet" href={`/builds/${attempt.buildId}?log=${segment(attempt.logId)}`}>
          Log
        </a>
      )}
    </li>
  );
}

/** `#12`, or `#12, attempt 2` of a build that tried it several times. */
export function attemptName({ buildNumber, attempt }: TriedView): string {
  return attempt === 1 ? `#${buildNumber}` : `#${buildNumber}, attempt ${attempt}`;
}

/** Of the last two. */
function comparePath(buildId: string, attempts: readonly TriedView[]): string {
  const [left, right] = attempts.slice(-2);
  return `/builds/${buildId}/compare?left=${segment(left?.id ?? '')}&right=${segment(right?.id ?? '')}`;
}
