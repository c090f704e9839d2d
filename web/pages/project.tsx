import { useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { ProjectView } from '../../src/core/views/project-view.ts';
import { api, type ApiError, asApiError, segment } from '../api.ts';
import { withLastBuild } from '../last-build.ts';
import { Action } from '../parts/action.tsx';
import { Connection } from '../parts/connection.tsx';
import { Notifications } from '../parts/notifications.tsx';
import { RunNow } from '../parts/run-now.tsx';
import { BuildRow } from '../parts/build-row.tsx';
import { Schedules } from '../parts/schedules.tsx';
import { Sharing } from '../parts/sharing.tsx';
import { useStream } from '../parts/live.ts';
import { ErrorBox, useLoad, Waiting } from '../parts/load.tsx';
import { Ago } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';

/** One project: run it now, its last build, its webhook, its secrets, who may include its files. */
export function ProjectPage() {
  const id = useRoute().params['project'] ?? '';
  const {
    value: project,
    error,
    set,
    reload,
  } = useLoad(id, () => api<ProjectView>('GET', `/projects/${segment(id)}`));
  useTitle(project?.path ?? 'Project');
  useStream(
    { builds: true },
    {
      onMessage: (message) => {
        if (message.type !== 'builds') return;
        set((shown) => (shown === null ? null : withLastBuild(shown, message.build)));
      },
      onAgain: reload,
    },
  );
  if (project === null) return <Waiting error={error} what="the project" />;
  return (
    <article>
      <div class="title">
        <h1>{project.path}</h1>
      </div>
      <p class="meta break">{project.cloneUrl}</p>
      {project.removingSinceMs === null ? (
        <RunNow project={project} />
      ) : (
        <p class="hint" role="status">
          Being removed since <Ago atMs={project.removingSinceMs} />: it takes no builds, and goes when those
          it has have ended.
        </p>
      )}
      {project.lastBuild !== null && (
        <>
          <h2>
            Last build{' '}
            <a class="note" href={`/?project=${segment(project.path)}`}>
              all builds
            </a>
          </h2>
          <ul class="rows">
            <BuildRow build={project.lastBuild} />
          </ul>
        </>
      )}
      {project.removingSinceMs === null && <Settings project={project} onChange={reload} />}
    </article>
  );
}

/** What a project that stays is set to. */
function Settings({ project, onChange }: { project: ProjectView; onChange: () => void }) {
  return (
    <>
      <Schedules project={project} />
      <section class="card">
        <h2>Webhook</h2>
        <p>
          Payload URL <code>{location.origin}/webhooks/github</code>, content type{' '}
          <code>application/json</code>, the secret of this server, events: pushes and pull requests.
        </p>
      </section>
      <Connection project={project} onChange={onChange} />
      <Secrets project={project} onChange={onChange} />
      <Sharing project={project} onChange={onChange} />
      <Notifications project={project} />
    </>
  );
}

function Secrets({ project, onChange }: { project: ProjectView; onChange: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    const data = new FormData(form);
    const [name, value] = [data.get('name'), data.get('value')];
    if (typeof name !== 'string' || typeof value !== 'string') return;
    api('PUT', `/projects/${segment(project.id)}/secrets/${segment(name)}`, { value }).then(
      () => {
        form.reset();
        setError(null);
        onChange();
      },
      (reason: unknown) => setError(asApiError(reason)),
    );
  };
  return (
    <section class="card form">
      <h2>Secrets</h2>
      <p class="hint">Encrypted at rest, given to builds that name them, never shown again.</p>
      <ul class="secrets">
        {project.secretNames.map((name) => (
          <li key={name}>
            <code>{name}</code>
            <Action
              confirm={`Remove ${name}?`}
              run={() =>
                api('DELETE', `/projects/${segment(project.id)}/secrets/${segment(name)}`).then(onChange)
              }
            >
              Remove
            </Action>
          </li>
        ))}
      </ul>
      <form onSubmit={submit}>
        <label>
          Name
          <input name="name" required pattern="[a-z0-9_]+" placeholder="api_token" autocomplete="off" />
        </label>
        <label>
          Value
          <textarea name="value" required rows={2} autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Save secret</button>
      </form>
      {error !== null && <ErrorBox error={error} />}
    </section>
  );
}
