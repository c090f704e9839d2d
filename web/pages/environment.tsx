import { useRoute } from 'preact-iso';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import { api, segment } from '../api.ts';
import { shortDigest } from '../format.ts';
import { Action } from '../parts/action.tsx';
import { useChosenLog } from '../parts/chosen-log.ts';
import { EnvironmentHistory } from '../parts/environment-history.tsx';
import { useStream } from '../parts/live.ts';
import { useLoad, Waiting } from '../parts/load.tsx';
import { Log } from '../parts/log.tsx';
import { BeingRemoved, RemoveEnvironment } from '../parts/remove-environment.tsx';
import { Slots } from '../parts/slots.tsx';
import { useTitle } from '../parts/title.ts';

/** One environment: its three slots, what is live, the way back, and all that happened in it. */
export function EnvironmentPage() {
  const id = useRoute().params['environment'] ?? '';
  return <Environment key={id} id={id} />;
}

function Environment({ id }: { id: string }) {
  const {
    value: environment,
    error,
    set,
    reload,
  } = useLoad(id, () => api<EnvironmentView>('GET', `/environments/${segment(id)}`));
  const [logId, chooseLog] = useChosenLog();
  useTitle(environment === null ? 'Environment' : `${environment.projectPath} ${environment.name}`);
  useStream(
    { environment: [id] },
    {
      onMessage: (message) => {
        if (message.type === 'environment' && message.environment.id === id) set(() => message.environment);
      },
    },
  );
  if (environment === null) return <Waiting error={error} what="the environment" />;
  return (
    <article>
      <div class="title">
        <h1>
          <span class="project">{environment.projectPath}</span> {environment.name}
        </h1>
      </div>
      <p class="meta urls">
        {environment.urls.map((url) => (
          <a key={url} href={url}>
            {url}
          </a>
        ))}
      </p>
      {environment.removingSinceMs === null ? (
        <Rollback environment={environment} />
      ) : (
        <BeingRemoved environment={environment} />
      )}
      <Slots slots={environment.slots} chosen={logId} onLog={chooseLog} />
      {logId !== null && <Log key={logId} logId={logId} title={titleOf(environment, logId)} />}
      <h2>History</h2>
      <EnvironmentHistory environment={environment} chosen={logId} onLog={chooseLog} />
      {environment.removingSinceMs === null && (
        <RemoveEnvironment environment={environment} onChange={reload} />
      )}
    </article>
  );
}

/** What a log of this page is of; an app's log outlives its slot. */
function titleOf(environment: EnvironmentView, logId: string): string {
  const slot = environment.slots.find((candidate) => candidate.logId === logId);
  if (slot !== undefined) return slot.buildNumber === null ? 'App' : `App of build #${slot.buildNumber}`;
  const deployment = environment.history.find((candidate) => candidate.logId === logId);
  if (deployment === undefined) return 'App';
  return deployment.buildNumber === null ? 'Deployment' : `Deployment of build #${deployment.buildNumber}`;
}

function Rollback({ environment }: { environment: EnvironmentView }) {
  const { rollback } = environment;
  if (rollback === null) return <p class="hint">Nothing to roll back to yet.</p>;
  const target = `${rollback.buildNumber === null ? 'the release before' : `build #${rollback.buildNumber}`} (${shortDigest(rollback.digest)})`;
  return (
    <div class="actions">
      <Action
        kind="danger"
        confirm={`Put ${target} back into ${environment.name}?`}
        run={() => api('POST', `/environments/${segment(environment.id)}/rollback`)}
      >
        Roll back
      </Action>
      <span class="hint">
        {rollback.hot
          ? `${capital(target)} stands by: it is back in milliseconds.`
          : `${capital(target)} is started again from its digest.`}
      </span>
    </div>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
