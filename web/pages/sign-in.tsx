import { useState } from 'preact/hooks';
import { api, ApiError } from '../api.ts';
import { ErrorBox } from '../parts/load.tsx';

/** Sign-in with the admin token that the server made at its first start. */
export function SignInPage({ onSignedIn }: { onSignedIn: () => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    api('POST', '/session', { token: token.trim() }).then(onSignedIn, (reason: unknown) => {
      if (reason instanceof ApiError) setError(reason);
    });
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>
          <img src="/favicon.svg" alt="" width="32" height="32" /> Slipway
        </h1>
        <label>
          Admin token
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
        {error !== null && <ErrorBox error={error} />}
        <p class="hint">The server printed it at its first start and keeps it in its data folder.</p>
      </form>
    </main>
  );
}
