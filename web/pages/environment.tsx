import { useEffect, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { EnvironmentView } from '../../src/core/view.ts';
import { api, segment } from '../api.ts';
import { formatTime, shortDigest } from '../format.ts';
import { Action } from '../parts/action.tsx';
import { DeploymentHistory } from '../parts/deployments.tsx';
import { useLoad, Waiting } from '../parts/load.tsx';
import { Log } from '../parts/log.tsx';
import { Commit, Digest } from '../parts/reference.tsx';
import { Ago } from '../parts/time.tsx';
import { openStream } from '../stream.ts';

/** One environment: its three slots, what is live, the way back, and all that was deployed to it. */
export function EnvironmentPage() {
  const id = useRoute().params['environment'] ?? '';
  const {
    value: environment,
    error,
    set,
  } = useLoad(id, () => api<EnvironmentView>('GET', `/environments/${segment(id)}`));
  const [logId, setLogId] = useState<string | null>(null);
  useEffect(
    () =>
      openStream({ environments: [id] }, (message) => {
        if (message.type === 'environment' && message.environment.id === id) set(() => message.environment);
      }),
    [id],
  );
  if (environment === null) return <Waiting error={error} what="the environment" />;
  return (
    <article>
      <h1>
        <span class="project">{environment.projectPath}</span> {environment.name}
      </h1>
      <p class="build-meta">
        {environment.urls.map((url) => (
          <a key={url} href={url}>
            {url}
          </a>
        ))}
      </p>
      <Rollback environment={environment} />
      <ul class="slots">
        {environment.slots.map((slot) => (
          <Slot key={slot.index} slot={slot} onLog={setLogId} />
        ))}
      </ul>
      {logId !== null && <Log key={logId} logId={logId} title="App log" />}
      <h2>History</h2>
      <DeploymentHistory deployments={environment.history} />
    </article>
  );
}

function Rollback({ environment }: { environment: EnvironmentView }) {
  const { rollback } = environment;
  if (rollback === null) return <p class="hint">Nothing to roll back to yet.</p>;
  const target = `${rollback.buildNumber === null ? 'the release' : `build #${rollback.buildNumber}`} (${shortDigest(rollback.digest)})`;
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
        to {target},{' '}
        {rollback.hot ? 'which stands by: milliseconds' : 'which is started again from its digest'}
      </span>
    </div>
  );
}

const COLOURS = ['blue', 'green', 'amber'] as const;

function Slot({ slot, onLog }: { slot: EnvironmentView['slots'][number]; onLog: (logId: string) => void }) {
  return (
    <li class={`card slot slot-${slot.role}`}>
      <h2>
        {COLOURS[slot.index]} <span class="note">{slot.role}</span>
      </h2>
      {slot.digest === null ? (
        <p class="hint">Nothing runs here.</p>
      ) : (
        <dl class="facts">
          <dt>Digest</dt>
          <dd>
            <Digest digest={slot.digest} />
          </dd>
          {slot.commit !== null && (
            <>
              <dt>Commit</dt>
              <dd>
                <Commit commit={slot.commit} url={null} />{' '}
                {slot.buildNumber !== null && `of build #${slot.buildNumber}`}
              </dd>
            </>
          )}
          {slot.sinceMs !== null && (
            <>
              <dt>Since</dt>
              <dd>
                <Ago atMs={slot.sinceMs} />
              </dd>
            </>
          )}
          {slot.standbyUntilMs !== null && (
            <>
              <dt>Until</dt>
              <dd>{formatTime(slot.standbyUntilMs)}</dd>
            </>
          )}
        </dl>
      )}
      {slot.logId !== null && (
        <button type="button" onClick={() => slot.logId !== null && onLog(slot.logId)}>
          App log
        </button>
      )}
    </li>
  );
}
