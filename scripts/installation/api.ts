/** The server's API as an admin asks it. */
export interface Api {
  /** Base address, without closing slash. */
  readonly url: string;
  /** Asks `/api/v1<target>`. @throws Error with the answer's text unless it is a success. */
  ask<T>(method: string, target: string, body?: unknown): Promise<T>;
}

export function connectApi(url: string, token: string): Api {
  return {
    url,
    async ask<T>(method: string, target: string, body?: unknown): Promise<T> {
      const response = await fetch(`${url}/api/v1${target}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    },
  };
}
