import type { DeploymentView } from '../../src/core/views/deployment-view.ts';
import type { EnvironmentView, RouterEventView } from '../../src/core/views/environment-view.ts';
import { historyWords } from '../deployment-words.ts';
import { formatDuration } from '../format.ts';
import { happeningsOf } from '../happenings.ts';
import { CancelDeployment, DeploymentNote } from './deployments.tsx';
import { Digest } from './reference.tsx';
import { StatusBadge } from './status.tsx';
import { Ago, Took } from './time.tsx';

interface HistoryProps {
  readonly environment: EnvironmentView;
  readonly chosen: string | null;
  readonly onLog: (logId: string | null) => void;
}

/** The deployments of an environment and what its router did by itself, newest first. */
export function EnvironmentHistory({ environment, chosen, onLog }: HistoryProps) {
  const happenings = happeningsOf(environment);
  if (happenings.length === 0) return <p class="hint">Nothing was deployed here yet.</p>;
  return (
    <ul class="rows" aria-label="History">
      {happenings.map((happening) =>
        happening.kind === 'event' ? (
          <EventRow key={happening.event.id} event={happening.event} />
        ) : (
          <DeploymentRow
            key={happening.deployment.id}
            deployment={happening.deployment}
            isChosen={happening.deployment.logId === chosen}
            onLog={onLog}
          />
        ),
      )}
    </ul>
  );
}

interface DeploymentRowProps {
  readonly deployment: DeploymentView;
  readonly isChosen: boolean;
  readonly onLog: (logId: string | null) => void;
}

function DeploymentRow({ deployment, isChosen, onLog }: DeploymentRowProps) {
  return (
    <li class="row">
      <StatusBadge status={deployment.status} />
      <span class="row-main">
        <span class="row-title">
          {historyWords(deployment.cause, deployment.status)} <BuildLink {...deployment} />
          {deployment.status === 'running' && <span class="note"> {deployment.phase}</span>}
        </span>
        <DeploymentNote deployment={deployment} />
      </span>
      <span class="row-side">
        {deployment.digest !== null && <Digest digest={deployment.digest} />}
        {deployment.startedAtMs !== null && (
          <button
            type="button"
            class="quiet"
            aria-pressed={isChosen}
            onClick={() => onLog(isChosen ? null : deployment.logId)}
          >
            Log
          </button>
        )}
        <CancelDeployment deployment={deployment} />
      </span>
      <span class="row-time">
        <Ago atMs={deployment.createdAtMs} />
        <Took fromMs={deployment.startedAtMs} toMs={deployment.finishedAtMs} />
      </span>
    </li>
  );
}

const EVENT_WORDS: Readonly<
  Record<RouterEventView['type'], { readonly name: string; readonly status: string }>
> = {
  failover: { name: 'fail-over', status: 'blocked' },
  live_down: { name: 'live down', status: 'failure' },
  live_up: { name: 'live up', status: 'success' },
};

function EventRow({ event }: { event: RouterEventView }) {
  const { name, status } = EVENT_WORDS[event.type];
  return (
    <li class="row">
      <span class={`status status-${status}`}>{name}</span>
      <span class="row-main">
        <span class="row-title">
          <EventText event={event} />
        </span>
      </span>
      <span class="row-side" />
      <span class="row-time">
        <Ago atMs={event.atMs} />
        {event.atMs > event.sinceMs && <span class="took">{formatDuration(event.atMs - event.sinceMs)}</span>}
      </span>
    </li>
  );
}

function EventText({ event }: { event: RouterEventView }) {
  if (event.type === 'live_down')
    return (
      <>
        <BuildLink {...event} /> stopped answering the router
      </>
    );
  if (event.type === 'live_up')
    return (
      <>
        <BuildLink {...event} /> answers the router again
      </>
    );
  return (
    <>
      the standby answered {event.requests.toLocaleString('en')}{' '}
      {event.requests === 1 ? 'request' : 'requests'} instead of <BuildLink {...event} />
    </>
  );
}

function BuildLink({ buildId, buildNumber }: Pick<RouterEventView, 'buildId' | 'buildNumber'>) {
  if (buildId === null) return <>live</>;
  return (
    <>
      build <a href={`/builds/${buildId}`}>#{buildNumber}</a>
    </>
  );
}
