import { useState } from 'preact/hooks';
import { api, type ApiError, asApiError } from '../api.ts';
import { ErrorBox } from './load.tsx';

interface Made {
  readonly name: string;
  readonly token: string;
}

/** The form that makes a worker's token, and the token, this once. */
export function AddWorker({ onAdded }: { onAdded: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    const name = fieldOf(form, 'name');
    setMade(null);
    setError(null);
    api<{ token: string }>('POST', '/workers/tokens', {
      name,
      routers: wordsOf(form, 'routers'),
      labels: Object.fromEntries(wordsOf(form, 'labels').map(halves)),
    }).then(
      ({ token }) => {
        form.reset();
        setMade({ name, token });
        onAdded();
      },
      (reason: unknown) => setError(asApiError(reason)),
    );
  };
  return (
    <section class="card form">
      <h2>Add a worker</h2>
      <form onSubmit={submit}>
        <label>
          Name <span class="hint">a known name: its token until now ends</span>
          <input
            name="name"
            required
            pattern="[a-z0-9][a-z0-9.\-]*"
            maxLength={63}
            placeholder="build-02"
            autocomplete="off"
          />
        </label>
        <label>
          Routers{' '}
          <span class="hint">behind which it may deploy, separated by commas; none: it only builds</span>
          <input name="routers" placeholder="local" autocomplete="off" />
        </label>
        <label>
          Labels <span class="hint">that builds may ask for, like gpu=yes, separated by commas</span>
          <input name="labels" placeholder="os=linux, gpu=yes" autocomplete="off" />
        </label>
        <button type="submit">Make its token</button>
      </form>
      {error !== null && <ErrorBox error={error} />}
      {made !== null && (
        <div class="box" role="status">
          <strong>The token of {made.name}, shown this once</strong>
          <pre class="token" tabIndex={0}>
            SLIPWAY_WORKER_NAME={made.name}
            {'\n'}SLIPWAY_WORKER_TOKEN={made.token}
          </pre>
        </div>
      )}
    </section>
  );
}

function fieldOf(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** What stands in a field between commas and spaces. */
function wordsOf(form: HTMLFormElement, name: string): readonly string[] {
  return fieldOf(form, name)
    .split(/[\s,]+/)
    .filter(Boolean);
}

/** `gpu=yes` as its name and its value, which the server looks at. */
function halves(word: string): readonly [string, string] {
  const [name = '', ...value] = word.split('=');
  return [name, value.join('=')];
}
