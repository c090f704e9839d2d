import http from 'node:http';

/** What an app said to one request. `status` is null when there was no answer in time. */
export interface CandidateAnswer {
  readonly status: number | null;
  /** In words: the status or what went wrong. */
  readonly what: string;
}

/** GETs `path` from the candidate that the side entrance knows as `name`. Never rejects. */
export function askCandidate(
  sideSocket: string,
  name: string,
  path: string,
  timeoutMs: number,
): Promise<CandidateAnswer> {
  return ask({ socketPath: sideSocket, path, headers: { host: name } }, timeoutMs);
}

/** GETs `path` from an app at its own address, past the router. Never rejects. */
export function askApp(
  address: string,
  port: number,
  host: string | undefined,
  path: string,
  timeoutMs: number,
): Promise<CandidateAnswer> {
  return ask({ host: address, port, path, ...(host === undefined ? {} : { headers: { host } }) }, timeoutMs);
}

function ask(options: http.RequestOptions, timeoutMs: number): Promise<CandidateAnswer> {
  return new Promise((resolve) => {
    const request = http.get({ ...options, agent: false });
    const fail = (what: string) => resolve({ status: null, what });
    const timer = setTimeout(() => {
      fail(`no answer within ${timeoutMs} ms`);
      request.destroy();
    }, timeoutMs);
    request.on('response', (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      response.on('end', () => resolve({ status, what: `status ${status}` }));
      response.on('error', (error) => fail(error.message));
    });
    request.on('error', (error) => fail(error.message));
    request.on('close', () => clearTimeout(timer));
  });
}
