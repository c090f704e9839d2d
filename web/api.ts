/** An answer of the API that is not a success, in the words of the catalogue of errors. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string;

  constructor(status: number, body: { code: string; message: string; fix: string }) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.fix = body.fix;
  }
}

/** What was thrown, in those words. */
export function asApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason;
  return new ApiError(0, { code: 'internal', message: String(reason), fix: 'Load the page again.' });
}

/** Dispatched on `window` when the server no longer knows the session. */
export const SIGNED_OUT = 'slipway:signed-out';

/** Asks the API. `path` is below `/api/v1`. @throws ApiError, also when the server is away (status 0). */
export async function api<T>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0, {
      code: 'unreachable',
      message: 'The server does not answer.',
      fix: 'It is tried again by itself.',
    });
  });
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  if (response.status === 401) window.dispatchEvent(new Event(SIGNED_OUT));
  throw new ApiError(response.status, problemOf(answer, response));
}

function problemOf(answer: unknown, response: Response): { code: string; message: string; fix: string } {
  const error = (answer as { error?: { code: string; message: string; fix: string } } | null)?.error;
  return (
    error ?? {
      code: 'unknown',
      message: `The server answered ${response.status}.`,
      fix: 'Load the page again.',
    }
  );
}

/** Ids and paths as part of a URL. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}
