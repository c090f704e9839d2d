import { useEffect } from 'preact/hooks';
import type { EnvironmentView, Page } from '../../src/core/view.ts';
import { api } from '../api.ts';
import { Empty, useLoad, Waiting } from '../parts/load.tsx';
import { Digest } from '../parts/reference.tsx';
import { Ago } from '../parts/time.tsx';

/** Where things run: each environment with what is live in it. */
export function EnvironmentsPage() {
  const { value, error } = useLoad('environments', () => api<Page<EnvironmentView>>('GET', '/environments'));
  useEffect(() => {
    document.title = 'Environments · Slipway';
  }, []);
  if (value === null) return <Waiting error={error} what="environments" />;
  if (value.items.length === 0) {
    return (
      <Empty title="No environments yet">
        <p>
          A <code>deploy</code> section in <code>slipway.yml</code> makes one at its first build.
        </p>
      </Empty>
    );
  }
  return (
    <>
      <h1>Environments</h1>
      <ul class="rows">
        {value.items.map((environment) => (
          <li key={environment.id} class="row">
            <span class={`status status-${environment.live === null ? 'pending' : 'success'}`}>
              {environment.live === null ? 'empty' : 'live'}
            </span>
            <a class="row-main" href={`/environments/${environment.id}`}>
              <span class="row-title">
                <span class="project">{environment.projectPath}</span> {environment.name}
              </span>
            </a>
            <span class="row-side">
              {environment.urls.map((url) => (
                <a key={url} href={url}>
                  {url}
                </a>
              ))}
            </span>
            <span class="row-time">
              {environment.live !== null && (
                <>
                  <Digest digest={environment.live.digest} />
                  <Ago atMs={environment.live.sinceMs} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
