import { useRef } from 'preact/hooks';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { api } from '../api.ts';
import { useQuietly, useStream } from '../parts/live.ts';
import { Empty, useLoad, Waiting } from '../parts/load.tsx';
import { Digest } from '../parts/reference.tsx';
import { Ago } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';

/** As many as one stream takes. */
const MOST_LIVE = 256;

/** Where things run: each environment with what is live in it. */
export function EnvironmentsPage() {
  const { value, error, set, reload } = useLoad('environments', () =>
    api<Page<EnvironmentView>>('GET', '/environments'),
  );
  useTitle('Environments');
  const reloadQuietly = useQuietly(reload);
  const newestBuild = useRef('');
  useStream(
    value === null
      ? null
      : { builds: true, environment: value.items.slice(0, MOST_LIVE).map((environment) => environment.id) },
    {
      onMessage: (message) => {
        if (message.type === 'environment') {
          const { environment } = message;
          set((shown) => (shown === null ? null : { ...shown, items: replaced(shown.items, environment) }));
        }
        // An environment is made with the first build whose file names it.
        if (message.type === 'builds' && message.build.id > newestBuild.current) {
          newestBuild.current = message.build.id;
          reloadQuietly();
        }
      },
      onAgain: reload,
    },
  );
  if (value === null) return <Waiting error={error} what="environments" />;
  return (
    <>
      <h1>Environments</h1>
      {value.items.length === 0 ? (
        <Empty title="No environments yet">
          <p>
            A <code>deploy</code> section in <code>slipway.yml</code> makes one at its first build.
          </p>
        </Empty>
      ) : (
        <ul class="rows">
          {value.items.map((environment) => (
            <EnvironmentRow key={environment.id} environment={environment} />
          ))}
        </ul>
      )}
    </>
  );
}

function EnvironmentRow({ environment }: { environment: EnvironmentView }) {
  const { live, removingSinceMs } = environment;
  return (
    <li class="row">
      <span class={`status status-${live === null ? 'pending' : 'success'}`}>
        {removingSinceMs !== null ? 'removing' : live === null ? 'empty' : 'live'}
      </span>
      <a class="row-main" href={`/environments/${environment.id}`}>
        <span class="row-title">
          <span class="project">{environment.projectPath}</span> {environment.name}
          {live?.buildNumber != null && <span class="number"> #{live.buildNumber}</span>}
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
        {live !== null && (
          <>
            <Ago atMs={live.sinceMs} />
            <Digest digest={live.digest} />
          </>
        )}
      </span>
    </li>
  );
}

function replaced(items: readonly EnvironmentView[], item: EnvironmentView): readonly EnvironmentView[] {
  return items.map((other) => (other.id === item.id ? item : other));
}
