import { useState } from 'preact/hooks';
import type { ProjectView } from '../../src/core/views/project-view.ts';
import { api, type ApiError, asApiError, segment } from '../api.ts';
import { Action } from './action.tsx';
import { ErrorBox } from './load.tsx';

const WORDS = {
  token: 'Commit statuses are set with a token of this project.',
  app: "Commit statuses are set as the server's GitHub App.",
} as const;

/** How the project's Git host is told of builds and deployments; a token goes in and is never shown. */
export function Connection({ project, onChange }: { project: ProjectView; onChange: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const path = `/projects/${segment(project.id)}/connection`;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    const token = new FormData(form).get('token');
    api('PUT', path, { token: typeof token === 'string' && token !== '' ? token : null }).then(
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
      <h2>GitHub</h2>
      <p>
        {project.connection === null
          ? 'Not connected: commits show no status of their builds.'
          : WORDS[project.connection]}
      </p>
      {project.connection !== null && (
        <Action
          confirm="Stop telling GitHub of builds and deployments?"
          run={() => api('DELETE', path).then(onChange)}
        >
          Disconnect
        </Action>
      )}
      <form onSubmit={submit}>
        <label>
          Token; without one, the server's GitHub App
          <input name="token" type="password" autocomplete="off" />
        </label>
        <button type="submit">Connect</button>
      </form>
      {error !== null && <ErrorBox error={error} />}
    </section>
  );
}
