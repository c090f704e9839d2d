import { useState } from 'preact/hooks';
import type { ProjectView } from '../../src/core/views/project-view.ts';
import { api, type ApiError, asApiError, segment } from '../api.ts';
import { Action } from './action.tsx';
import { ErrorBox } from './load.tsx';

/** Which projects may include files of this one; each change is one of its own, whoever changes the others meanwhile. */
export function Sharing({ project, onChange }: { project: ProjectView; onChange: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const change = (body: { readonly share?: readonly string[]; readonly unshare?: readonly string[] }) =>
    api('PATCH', `/projects/${segment(project.id)}`, body).then(onChange);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    const pattern = new FormData(form).get('pattern');
    if (typeof pattern !== 'string') return;
    change({ share: [pattern] }).then(
      () => {
        form.reset();
        setError(null);
      },
      (reason: unknown) => setError(asApiError(reason)),
    );
  };
  return (
    <section class="card form" aria-label="Shared files">
      <h2>Shared files</h2>
      <p class="hint">
        Which projects may <code>include</code> files of this one in their pipeline.
        {project.sharedWith.length === 0 && ' None but itself so far.'}
      </p>
      {project.sharedWith.length > 0 && (
        <ul class="secrets">
          {project.sharedWith.map((pattern) => (
            <li key={pattern}>
              <code class="break">{pattern}</code>
              <Action
                label={`Stop sharing with ${pattern}`}
                confirm="Stop sharing?"
                run={() => change({ unshare: [pattern] })}
              >
                Remove
              </Action>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={submit}>
        <label>
          A project, a folder of projects, or all
          <input
            name="pattern"
            required
            pattern="\*|[a-z0-9._\-\/]+\*?"
            title="A path such as shop/web, a folder such as shop/*, or *"
            placeholder="shop/web, shop/* or *"
            autocomplete="off"
          />
        </label>
        <button type="submit">Share</button>
      </form>
      {error !== null && <ErrorBox error={error} />}
    </section>
  );
}
