import { readChallenge } from './challenge.ts';

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** The Authorization headers for one registry, learnt from its challenges. */
export interface Authorizer {
  /** The header for requests of this scope; null as long as the registry has not asked for one. */
  header(scope: string): string | null;
  /**
   * Answers the challenge of a 401: fetches a token where it asks for one. False: there is nothing to answer with, or
   * the credentials were refused. At most once a request. Rejects when the token service fails.
   */
  answer(scope: string, challenge: string | null, signal: AbortSignal): Promise<boolean>;
}

interface Token {
  readonly header: string;
  readonly untilMs: number;
}

/** A token is renewed when that much of its life is over. */
const USABLE_LIFE = 0.9;
/** How long a token lives that does not say (distribution token specification). */
const DEFAULT_LIFE_S = 60;

/**
 * Basic, or Bearer by https://distribution.github.io/distribution/spec/auth/token/: the realm is asked with the
 * credentials for a token of the scope. A scope is `repository:<name>:<actions>`, several separated by a blank.
 */
export function authorizer(credentials: RegistryCredentials | null): Authorizer {
  const tokens = new Map<string, Token>();
  let basic: string | null = null;
  const ownBasic =
    credentials === null
      ? null
      : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

  const fetchToken = async (
    scope: string,
    { realm = '', service }: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Token | null> => {
    if (!URL.canParse(realm)) return null;
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    for (const one of scope.split(' ').filter(Boolean)) url.searchParams.append('scope', one);
    if (credentials !== null) url.searchParams.set('account', credentials.username);
    const response = await fetch(url, {
      headers: ownBasic === null ? {} : { authorization: ownBasic },
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      if (response.status >= 500 || response.status === 429)
        throw new Error(`the token service ${url.host} answered ${response.status}`);
      return null;
    }
    const body = (await response.json()) as { token?: string; access_token?: string; expires_in?: number };
    const token = body.token ?? body.access_token;
    if (token === undefined) return null;
    const untilMs = Date.now() + (body.expires_in ?? DEFAULT_LIFE_S) * 1_000 * USABLE_LIFE;
    return { header: `Bearer ${token}`, untilMs };
  };

  return {
    header: (scope) => {
      const token = tokens.get(scope);
      return token !== undefined && token.untilMs > Date.now() ? token.header : basic;
    },
    answer: async (scope, challenge, signal) => {
      const asked = readChallenge(challenge);
      if (asked?.scheme === 'bearer') {
        const token = await fetchToken(scope, asked.parameters, signal);
        if (token !== null) tokens.set(scope, token);
        return token !== null;
      }
      if (asked?.scheme === 'basic') basic = ownBasic;
      return asked?.scheme === 'basic' && ownBasic !== null;
    },
  };
}
