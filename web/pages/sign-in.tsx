import { useState } from 'preact/hooks';
import { api, type ApiError, asApiError } from '../api.ts';
import { ErrorBox } from '../parts/load.tsx';
import { useTitle } from '../parts/title.ts';

/** Sign-in with the admin token that the server made at its first start. */
export function SignInPage({ onSignedIn }: { onSignedIn: () => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  useTitle('Sign in');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    api('POST', '/session', { token: token.trim() }).then(onSignedIn, (reason: unknown) =>
      setError(asApiError(reason)),
    );
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>
          <img src="/favicon.svg" alt="" width="32" height="32" /> Slipway
        </h1>
        {/* For what keeps passwords: it asks whose this is. */}
        <input type="text" name="username" autocomplete="username" value="admin" hidden />
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
        <p class="hint">
          At its first start the server wrote it to the file <code>admin-token</code> in its data folder; its
          log names the path.
        </p>
      </form>
    </main>
  );
}
