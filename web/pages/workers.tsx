import { useEffect } from 'preact/hooks';
import type { Page, WorkerView } from '../../src/core/view.ts';
import { api } from '../api.ts';
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
            <WorkerRow key={worker.id} worker={worker} />
          ))}
        </ul>
      )}
      <AddWorker onAdded={reload} />
    </>
  );
}

function WorkerRow({ worker }: { worker: WorkerView }) {
  return (
    <li class="row">
      <span class={`status status-${worker.connected ? 'success' : 'pending'}`}>
        {worker.connected ? 'here' : worker.seenAtMs === null ? 'expected' : 'away'}
      </span>
      <span class="row-main">
        <span class="row-title project">{worker.name}</span>
        <span class="row-note">
          {worker.seenAtMs === null
            ? 'its token was made; it has not been started yet'
            : `runs ${worker.running} of at most ${worker.capacity} at once`}
        </span>
      </span>
      <span class="row-side">{describeRouters(worker)}</span>
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
