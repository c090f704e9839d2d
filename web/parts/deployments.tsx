import type { DeploymentView } from '../../src/core/view.ts';
import { Digest } from './reference.tsx';
import { StatusBadge } from './status.tsx';
import { Ago, Took } from './time.tsx';

interface DeploymentListProps {
  readonly deployments: readonly DeploymentView[];
  readonly chosen: string | null;
  readonly onChoose: (logId: string) => void;
}

/** The deployments of one build, each with its phase and its log. */
export function DeploymentList({ deployments, chosen, onChoose }: DeploymentListProps) {
  if (deployments.length === 0) return null;
  return (
    <section class="card" aria-label="Deployments">
      <h2>Deployments</h2>
      <ul class="deployments">
        {deployments.map((deployment) => (
          <li key={deployment.id} class={deployment.logId === chosen ? 'step-active' : ''}>
            <StatusBadge status={deployment.status} quiet />
            <span>
              <a href={`/environments/${deployment.environmentId}`}>{deployment.environment}</a>{' '}
              <span class="note">
                {deployment.status === 'running' ? deployment.phase : deployment.status}
              </span>
              <DeploymentNote deployment={deployment} />
            </span>
            <Took fromMs={deployment.startedAtMs} toMs={deployment.finishedAtMs} />
            <button
              type="button"
              class="quiet"
              disabled={deployment.startedAtMs === null}
              onClick={() => onChoose(deployment.logId)}
            >
              Log
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const CAUSE_WORDS: Readonly<Record<DeploymentView['cause'], string>> = {
  build: 'deployed',
  rollback: 'rolled back to',
  manual: 'deployed by hand',
};

/** The history of an environment, newest first. */
export function DeploymentHistory({ deployments }: { deployments: readonly DeploymentView[] }) {
  return (
    <ul class="rows">
      {deployments.map((deployment) => (
        <li key={deployment.id} class="row">
          <StatusBadge status={deployment.status} />
          <span class="row-main">
            <span class="row-title">
              {CAUSE_WORDS[deployment.cause]}
              {deployment.buildId !== null && (
                <>
                  {' '}
                  build{' '}
                  <a href={`/builds/${deployment.buildId}?log=${deployment.logId}`}>
                    #{deployment.buildNumber}
                  </a>
                </>
              )}
              {deployment.status === 'running' && <span class="note"> {deployment.phase}</span>}
            </span>
            <DeploymentNote deployment={deployment} />
          </span>
          <span class="row-side">{deployment.digest !== null && <Digest digest={deployment.digest} />}</span>
          <span class="row-time">
            <Ago atMs={deployment.createdAtMs} />
            <Took fromMs={deployment.startedAtMs} toMs={deployment.finishedAtMs} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Why it ended as it did, or what it waits for. */
function DeploymentNote({ deployment: { reason, waitingFor } }: { deployment: DeploymentView }) {
  const note = reason ?? (waitingFor === null ? null : `waits for ${waitingFor}`);
  return note === null ? null : <span class="row-note">{note}</span>;
}
