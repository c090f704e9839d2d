import type { CheckRun, GithubServer } from './github-server.ts';
import type { Operation } from './openapi.ts';

interface SentOutput {
  readonly title: string;
  readonly summary: string;
  readonly annotations?: readonly Readonly<Record<string, string | number>>[];
}

interface SentRun {
  readonly name: string;
  readonly head_sha: string;
  readonly external_id: string;
  readonly conclusion: string;
  readonly output: SentOutput;
}

/**
 * What GitHub answers about check runs: it adds the annotations of each request to those that a run has, however often
 * they come, and makes as many runs of one name and external id as it is asked for.
 */
export function answerAboutChecks(
  { checks }: Pick<GithubServer, 'checks'>,
  { name, params, leastAnswer }: Operation,
  repository: string,
  { query, body }: { readonly query: URLSearchParams; readonly body: unknown },
): { readonly status: number; readonly body: unknown } {
  const told = (run: CheckRun, status = 200): object => {
    const { id, name: called, externalId: external_id, title, summary, annotations, conclusion } = run;
    const least = leastOfRun(leastAnswer, name, status);
    const output = { text: null, annotations_url: '', annotations_count: annotations.length, title, summary };
    return { ...least, id, name: called, external_id, head_sha: run.commit, conclusion, output };
  };
  if (name.startsWith('get')) {
    const all = checks.filter((run) => run.repository === repository && run.commit === params['ref']);
    const named = all.filter((run) => query.get('check_name') === run.name).reverse();
    const size = Number(query.get('per_page') ?? 30);
    const from = (Number(query.get('page') ?? 1) - 1) * size;
    const check_runs = named.slice(from, from + size).map((run) => told(run));
    return { status: 200, body: { total_count: named.length, check_runs } };
  }
  if (name.startsWith('patch')) {
    const run = checks.find(({ id }) => String(id) === params['check_run_id']);
    if (run === undefined) return { status: 404, body: { message: 'Not Found', documentation_url: '' } };
    add(run, (body as SentRun).output);
    return { status: 200, body: told(run) };
  }
  const { name: called, head_sha: commit, external_id: externalId, conclusion, output } = body as SentRun;
  const made = { id: checks.length + 1, repository, commit, name: called, externalId, conclusion };
  const run: CheckRun = { ...made, title: '', summary: '', annotations: [] };
  checks.push(run);
  add(run, output);
  return { status: 201, body: told(run, 201) };
}

function add(run: CheckRun, { title, summary, annotations = [] }: SentOutput): void {
  Object.assign(run, { title, summary });
  for (const { path, start_line, title: called, message } of annotations)
    run.annotations.push(`${path}:${start_line} ${called}: ${message}`);
}

/** A list's least answer has no run in it; one of its own is made. */
function leastOfRun(leastAnswer: Operation['leastAnswer'], name: string, status: number): object {
  if (!name.startsWith('get')) return leastAnswer(status) as object;
  return {
    ...{ node_id: '', url: '', html_url: null, details_url: null, status: 'completed', check_suite: null },
    ...{ started_at: null, completed_at: null, app: null, pull_requests: [] },
  };
}
