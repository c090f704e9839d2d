import { mayAbort, tellingDeployments } from '../../src/core/deployment.ts';
import { isEnd } from '../../src/core/status.ts';
import type { BuildSummary, BuildView } from '../../src/core/views/build-view.ts';
import type { DeploymentView } from '../../src/core/views/deployment-view.ts';
import { api, segment } from '../api.ts';
import { deploymentWords } from '../at-work.ts';
import { Action } from './action.tsx';
import { Fix } from './fix.tsx';
import { StatusBadge } from './status.tsx';
import { Took } from './time.tsx';
import { Words } from './words.tsx';

interface DeploymentListProps {
  readonly build: BuildView;
  readonly chosen: string | null;
  readonly onChoose: (logId: string) => void;
}

/** The deployments of one build, each with its phase and its log. */
export function DeploymentList({ build, chosen, onChoose }: DeploymentListProps) {
  const { deployments } = build;
  if (deployments.length === 0) return null;
  return (
    <section class="card" aria-label="Deployments">
      <h2>Deployments</h2>
      <ul class="deployments">
        {deployments.map((deployment) => (
          <li key={deployment.id} class={deployment.logId === chosen ? 'step-active' : ''}>
            <StatusBadge status={deployment.status} quiet />
            <span class="deployment-main">
              <a href={`/environments/${deployment.environmentId}`}>{deployment.environment}</a>{' '}
              <span class="note">{deploymentWords(deployment, build)}</span>
              <DeploymentNote deployment={deployment} />
            </span>
            <span class="step-took">
              <Took fromMs={deployment.startedAtMs} toMs={deployment.finishedAtMs} />
            </span>
            <span class="deployment-actions">
              <CancelDeployment deployment={deployment} />
              {deployment.startedAtMs !== null && (
                <button
                  type="button"
                  class="quiet"
                  aria-pressed={deployment.logId === chosen}
                  onClick={() => onChoose(deployment.logId)}
                >
                  Log
                </button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How the deployments of a build stand, beside how it stands itself. */
export function DeploymentBadges({ build }: { build: BuildSummary }) {
  const told = tellingDeployments(build);
  if (told.length === 0) return null;
  return (
    <span class="deployment-badges">
      {told.map(({ id, environment, status }) => (
        <StatusBadge key={id} status={status} of={environment} />
      ))}
    </span>
  );
}

/** Why it ended as it did, or what it waits for. */
export function DeploymentNote({ deployment }: { deployment: DeploymentView }) {
  const { reason, waitingFor } = deployment;
  const note = reason ?? (waitingFor === null ? null : `waits for ${waitingFor}`);
  if (note === null) return null;
  return (
    <>
      <span class="row-note">
        <Words text={note} />
      </span>
      <Fix end={deployment} />
    </>
  );
}

/** Calls a deployment off, as long as no traffic was moved. */
export function CancelDeployment({ deployment }: { deployment: DeploymentView }) {
  const { id, environment, status, phase } = deployment;
  if (isEnd(status) || !mayAbort(phase)) return null;
  return (
    <Action
      kind="quiet"
      label={`Cancel the deployment to ${environment}`}
      run={() => api('POST', `/deployments/${segment(id)}/cancel`)}
    >
      Cancel
    </Action>
  );
}
