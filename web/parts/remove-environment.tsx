import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import { api, asApiError, segment } from '../api.ts';
import { Action } from './action.tsx';
import { Ago } from './time.tsx';

interface RemovalProps {
  readonly environment: EnvironmentView;
  readonly onChange: () => void;
}

/** The end of an environment, behind a question; its volumes stay unless they are ticked. */
export function RemoveEnvironment({ environment, onChange }: RemovalProps) {
  const { id, projectPath, name, volumes } = environment;
  const [chosen, choose] = useState<readonly string[]>([]);
  const lost = chosen.length === 0 ? '' : ` What is in ${chosen.join(', ')} is lost.`;
  return (
    <section class="card form" aria-label="Removal">
      <h2>Removal</h2>
      <p class="hint">
        Takes the app off its router and ends its containers; its history goes, the audit log stays.
        {volumes.length > 0 && ' A volume stays unless it is chosen here.'}
      </p>
      {volumes.length > 0 && (
        <fieldset>
          <legend>Remove these volumes, too</legend>
          {volumes.map((volume) => (
            <label key={volume} class="check">
              <input
                type="checkbox"
                checked={chosen.includes(volume)}
                onChange={({ currentTarget: { checked } }) =>
                  choose((before) =>
                    checked ? [...before, volume] : before.filter((other) => other !== volume),
                  )
                }
              />
              <code>{volume}</code>
            </label>
          ))}
        </fieldset>
      )}
      <Action
        kind="danger"
        confirm={`Remove ${name} of ${projectPath}?${lost}`}
        run={() => api('DELETE', `/environments/${segment(id)}`, { volumes: chosen }).then(onChange)}
      >
        Remove environment
      </Action>
    </section>
  );
}

/** An environment on its way out; leads to the list once it is gone. */
export function BeingRemoved({ environment }: { environment: EnvironmentView }) {
  const { id, removingSinceMs, removalWaitsFor } = environment;
  const { route } = useLocation();
  useEffect(() => {
    // The stream tells what is; that something is no more it does not.
    const timer = setInterval(() => {
      api('GET', `/environments/${segment(id)}`).catch((reason: unknown) => {
        if (asApiError(reason).code === 'not_found') route('/environments');
      });
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [id]);
  return (
    <p class="hint" role="status">
      Being removed since <Ago atMs={removingSinceMs ?? 0} />: the worker of its router takes it off and ends
      its app.{removalWaitsFor !== null && ` It waits for ${removalWaitsFor}.`}
    </p>
  );
}

const LOOK_MS = 2_000;
