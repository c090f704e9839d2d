import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Page, ProjectView } from '../../src/core/view.ts';
import { api, ApiError } from '../api.ts';
import { Empty, ErrorBox, useLoad, Waiting } from '../parts/load.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Ago } from '../parts/time.tsx';

/** The repositories that Slipway builds, and the form that adds one. */
export function ProjectsPage() {
  const { value, error } = useLoad('projects', () => api<Page<ProjectView>>('GET', '/projects'));
  if (value === null) return <Waiting error={error} what="projects" />;
  return (
    <>
      <h1>Projects</h1>
      {value.items.length === 0 && (
        <Empty title="No projects yet">
          <p>Add the first one below.</p>
        </Empty>
      )}
      <ul class="rows">
        {value.items.map((project) => (
          <li key={project.id} class="row">
            {project.lastBuild === null ? (
              <span class="status status-pending">new</span>
            ) : (
              <StatusBadge status={project.lastBuild.status} />
            )}
            <a class="row-main" href={`/projects/${project.id}`}>
              <span class="row-title project">{project.path}</span>
            </a>
            <span class="row-side break">{project.cloneUrl}</span>
            <span class="row-time">
              <Ago atMs={project.lastBuild?.createdAtMs ?? project.createdAtMs} />
            </span>
          </li>
        ))}
      </ul>
      <AddProject />
    </>
  );
}

function AddProject() {
  const { route } = useLocation();
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = form.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    const body: Record<string, string> = {};
    for (const name of ['cloneUrl', 'path', 'token']) if (text(name) !== '') body[name] = text(name);
    setBusy(true);
    api<ProjectView>('POST', '/projects', body)
      .then((project) => route(`/projects/${project.id}`))
      .catch((reason: unknown) => setError(reason instanceof ApiError ? reason : null))
      .finally(() => setBusy(false));
  };
  return (
    <form class="card form" onSubmit={submit}>
      <h2>Add a project</h2>
      <label>
        Git URL (HTTPS)
        <input name="cloneUrl" type="url" required placeholder="https://github.com/owner/name.git" />
      </label>
      <label>
        Path <span class="hint">how it is called here; empty: as on its Git host</span>
        <input name="path" pattern="[a-z0-9._\-]+(/[a-z0-9._\-]+)*" placeholder="owner/name" />
      </label>
      <label>
        Access token <span class="hint">for a private repository; kept encrypted, never shown again</span>
        <input name="token" type="password" autocomplete="off" />
      </label>
      <button type="submit" class="primary" disabled={busy}>
        {busy ? 'Asking the repository…' : 'Add project'}
      </button>
      {error !== null && <ErrorBox error={error} />}
    </form>
  );
}
