import { useEffect } from 'preact/hooks';
import type { Page } from '../../src/core/views/page.ts';
import type { WorkerView } from '../../src/core/views/worker-view.ts';
import { describeLabels } from '../../src/core/labels.ts';
import { api, segment } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { AddWorker } from '../parts/add-worker.tsx';
import { Empty, useLoad, Waiting } from '../parts/load.tsx';
import { Ago } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';

/** Signs of life come every few seconds and are no change of the record, so the page asks. */
const ASK_MS = 3_000;

/** The processes that run builds: which are there, how much each runs, where each may deploy. */
export function WorkersPage() {
  const { value, error, reload } = useLoad('workers', () => api<Page<WorkerView>>('GET', '/workers'));
  useTitle('Workers');
  useEffect(() => {
    const timer = setInterval(reload, ASK_MS);
    return () => clearInterval(timer);
  }, []);
  if (value === null) return <Waiting error={error} what="workers" />;
  return (
    <>
      <h1>Workers</h1>
      {value.items.length === 0 ? (
        <Empty title="No workers yet">
          <p>Nothing is built until one joins. Make a token for it below.</p>
        </Empty>
      ) : (
        <ul class="rows" aria-label="Workers">
          {value.items.map((worker) => (
            <WorkerRow key={worker.id} worker={worker} onChange={reload} />
          ))}
        </ul>
      )}
      <AddWorker onAdded={reload} />
    </>
  );
}

function WorkerRow({ worker, onChange }: { worker: WorkerView; onChange: () => void }) {
  const labels = describeLabels(worker.labels);
  return (
    <li class="row">
      <span class={`status status-${statusOf(worker)}`}>{stateOf(worker)}</span>
      <span class="row-main">
        <span class="row-title project">{worker.name}</span>
        <span class="row-note">
          {worker.seenAtMs === null
            ? 'its token was made; it has not been started yet'
            : `runs ${worker.running} of at most ${worker.capacity} at once`}
          {worker.program !== null && `, version ${worker.program}`}
        </span>
        {worker.connected && worker.lowDisk !== null && (
          <span class="row-note">gets no builds: {worker.lowDisk}</span>
        )}
        {labels !== '' && <span class="row-note">labels {labels}</span>}
        {worker.work.length > 0 && (
          <span class="row-note">
            {worker.work.map(({ kind, id, name }) => (
              <a key={name} class="at-work" href={`/${kind === 'build' ? 'builds' : 'environments'}/${id}`}>
                {name}
              </a>
            ))}
          </span>
        )}
      </span>
      <span class="row-side">
        {describeRouters(worker)}
        {worker.hasToken && <Drain worker={worker} onChange={onChange} />}
        {worker.hasToken && (
          <Action
            kind="quiet"
            label={`Revoke the token of ${worker.name}`}
            confirm={`End the token of ${worker.name}? What it runs is lost.`}
            run={() => api('DELETE', `/workers/${segment(worker.id)}/token`).then(onChange)}
          >
            Revoke
          </Action>
        )}
      </span>
      <span class="row-time">
        {worker.seenAtMs === null ? (
          'never seen'
        ) : worker.connected ? (
          'seen now'
        ) : (
          <Ago atMs={worker.seenAtMs} />
        )}
      </span>
    </li>
  );
}

/** A worker that drains gets nothing new; its state outlives its process, so it may also be set while it is away. */
function Drain({ worker, onChange }: { worker: WorkerView; onChange: () => void }) {
  const call = (verb: 'drain' | 'undrain') => () =>
    api('POST', `/workers/${segment(worker.id)}/${verb}`).then(onChange);
  return worker.drainingSinceMs === null ? (
    <Action
      kind="quiet"
      label={`Drain ${worker.name}`}
      confirm={`Give ${worker.name} nothing new? What it runs ends.`}
      run={call('drain')}
    >
      Drain
    </Action>
  ) : (
    <Action kind="quiet" label={`Undrain ${worker.name}`} run={call('undrain')}>
      Undrain
    </Action>
  );
}

function stateOf({ connected, hasToken, seenAtMs, drainingSinceMs, lowDisk }: WorkerView): string {
  if (!hasToken) return 'revoked';
  if (!connected) return seenAtMs === null ? 'expected' : 'away';
  if (drainingSinceMs !== null) return 'drains';
  return lowDisk === null ? 'here' : 'waits';
}

function statusOf({ connected, hasToken, drainingSinceMs, lowDisk }: WorkerView): string {
  if (!connected || !hasToken) return 'pending';
  return drainingSinceMs === null && lowDisk === null ? 'success' : 'blocked';
}

/** Routers behind which it deploys, and those that its token allows but its settings do not name. */
function describeRouters({ routers, tokenRouters }: WorkerView): string {
  const idle = tokenRouters.filter((router) => !routers.includes(router));
  const parts = [
    routers.length === 0 ? 'builds only' : `deploys behind ${named(routers)}`,
    ...(idle.length === 0 ? [] : [`may deploy behind ${named(idle)}`]),
  ];
  return parts.join('; ');
}

function named(routers: readonly string[]): string {
  return `the ${routers.length === 1 ? 'router' : 'routers'} ${routers.join(', ')}`;
}
