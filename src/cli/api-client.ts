/** A request that the server refused, or that did not reach it: what happened and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly fix: string;
  /** 0 when no server answered. */
  readonly status: number;
  /** What of the request was wrong, by the API's name, and why; null for any other refusal. */
  readonly wrong: { readonly field: string; readonly cause: string } | null;

  constructor(message: string, fix: string, status: number, wrong: ApiError['wrong'] = null) {
    super(message);
    this.fix = fix;
    this.status = status;
    this.wrong = wrong;
  }
}

/** The server's API as the command line uses it. */
export interface ApiClient {
  /** Address of the server, without a slash at its end. */
  readonly server: string;
  /** The answer's JSON; undefined for 204. @param path Below `/api/v1`. @throws ApiError. */
  request<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** The answer as it comes, for logs and the live stream. @throws ApiError. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

export function createApiClient({ server, token }: { server: string; token: string }): ApiClient {
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(`${server.replace(/\/+$/, '')}/api/v1${path}`, init).catch(
      (error: unknown) => {
        throw new ApiError(
          `${server} does not answer: ${causeOf(error)}.`,
          'Start the server, or name it with --server or SLIPWAY_URL.',
          0,
        );
      },
    );
    if (response.ok) return response;
    throw await toError(response);
  };
  const authorization = `Bearer ${token}`;
  return {
    server: server.replace(/\/+$/, ''),
    request: async <T>(method: string, path: string, body?: unknown): Promise<T> => {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await send(path, {
        method,
        headers: { authorization, ...json },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
    open: (path, headers = {}) => send(path, { headers: { authorization, ...headers } }),
  };
}

async function toError(response: Response): Promise<ApiError> {
  const answer = (await response.json().catch(() => null)) as {
    error?: Refusal;
  } | null;
  const { code, message, fix, details }: Refusal = answer?.error ?? {
    message: `The server answered ${response.status}.`,
    fix: 'Is it a Slipway server? Look at its log.',
  };
  const { field, cause } = details ?? {};
  const isField = code === 'request_wrong' && field !== undefined && cause !== undefined;
  return new ApiError(message, fix, response.status, isField ? { field, cause } : null);
}

interface Refusal {
  readonly code?: string;
  readonly message: string;
  readonly fix: string;
  readonly details?: { readonly field?: string; readonly cause?: string };
}

/** fetch hides why it failed in its error's cause. */
function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: Error & { code?: string } };
  return cause?.code ?? cause?.message ?? message;
}
