import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Page } from '../../src/core/views/page.ts';
import type { ProjectView } from '../../src/core/views/project-view.ts';
import { api, type ApiError, asApiError } from '../api.ts';
import { withLastBuild } from '../last-build.ts';
import { useQuietly, useStream } from '../parts/live.ts';
import { Empty, ErrorBox, useLoad, Waiting } from '../parts/load.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Ago } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';

/** The repositories that Slipway builds, each with its last build, and the form that adds one. */
export function ProjectsPage() {
  const { value, error, set, reload } = useLoad('projects', () => api<Page<ProjectView>>('GET', '/projects'));
  useTitle('Projects');
  const reloadQuietly = useQuietly(reload);
  useStream(
    { builds: true },
    {
      onMessage: (message) => {
        if (message.type !== 'builds' || value === null) return;
        const { build } = message;
        if (!value.items.some(({ id }) => id === build.projectId)) reloadQuietly();
        set((shown) =>
          shown === null
            ? null
            : { ...shown, items: shown.items.map((project) => withLastBuild(project, build)) },
        );
      },
      onAgain: reload,
    },
  );
  if (value === null) return <Waiting error={error} what="projects" />;
  return (
    <>
      <h1>Projects</h1>
      {value.items.length === 0 ? (
        <Empty title="No projects yet">
          <p>Add the first one below.</p>
        </Empty>
      ) : (
        <ul class="rows">
          {value.items.map((project) => (
            <ProjectRow key={project.id} project={project} />
          ))}
        </ul>
      )}
      <AddProject />
    </>
  );
}

function ProjectRow({ project }: { project: ProjectView }) {
  const { lastBuild } = project;
  return (
    <li class="row">
      {project.removingSinceMs !== null ? (
        <span class="status status-pending">removing</span>
      ) : lastBuild === null ? (
        <span class="status status-pending">new</span>
      ) : (
        <StatusBadge status={lastBuild.status} />
      )}
      <a class="row-main" href={`/projects/${project.id}`}>
        <span class="row-title">
          <span class="project">{project.path}</span>
          {lastBuild !== null && <span class="number"> #{lastBuild.number}</span>}
        </span>
      </a>
      <span class="row-side break">{project.cloneUrl}</span>
      <span class="row-time">
        <Ago atMs={lastBuild?.createdAtMs ?? project.createdAtMs} />
      </span>
    </li>
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
    setError(null);
    api<ProjectView>('POST', '/projects', body)
      .then((project) => route(`/projects/${project.id}`))
      .catch((reason: unknown) => setError(asApiError(reason)))
      .finally(() => setBusy(false));
  };
  return (
    <form class="card form" onSubmit={submit}>
      <h2>Add a project</h2>
      <label>
        Git URL <span class="hint">https://… or git@host:owner/name.git</span>
        <input
          name="cloneUrl"
          inputMode="url"
          autocapitalize="off"
          spellcheck={false}
          required
          placeholder="https://github.com/owner/name.git"
        />
      </label>
      <label>
        Path <span class="hint">what it is called here; empty: as on its Git host</span>
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
