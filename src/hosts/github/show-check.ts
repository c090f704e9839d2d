import { z } from 'zod';
import type { CheckAnnotation, CommitCheck } from '../../core/commit-check.ts';
import type { HostAnswer } from '../../ports/git-host.ts';
import type { Ask, Asker, Question } from './ask.ts';
import { splitName } from './host-name.ts';

export interface CheckToShow {
  readonly repository: string;
  /** Id of the App, whose check runs alone are looked at. */
  readonly appId: string;
  readonly check: CommitCheck;
  readonly signal: AbortSignal | undefined;
}

/** In one request ("Create a check run", "Update a check run"). */
const ANNOTATIONS = 50;
/** Pages of a hundred that are looked through for a check run. */
const PAGES = 10;

const runAnswer = z.object({
  id: z.number(),
  external_id: z.string().nullable(),
  output: z.object({ annotations_count: z.number() }),
});
type Run = z.infer<typeof runAnswer>;

/**
 * Shows a check as a check run of the App. GitHub adds the annotations of each request to those that it has, so one that
 * is there already is given what it lacks and no more, and is not made twice.
 */
export async function showCheck(ask: Ask, asker: Asker, shown: CheckToShow): Promise<HostAnswer<null>> {
  const { annotations } = shown.check;
  const found = await findRun(ask, asker, shown);
  if (found.kind !== 'ok') return found;
  const run = found.value === null ? await createRun(ask, asker, shown) : { ...found, value: found.value };
  if (run.kind !== 'ok') return run;
  // What a new one was given is ours to know; only of one that was there does GitHub's count tell.
  const first = found.value === null ? ANNOTATIONS : run.value.output.annotations_count;
  for (let at = first; at < annotations.length; at += ANNOTATIONS) {
    const added = await addTo(ask, asker, shown, { run: run.value.id, at });
    if (added.kind !== 'ok') return added;
  }
  return { kind: 'ok', value: null };
}

async function findRun(ask: Ask, asker: Asker, shown: CheckToShow): Promise<HostAnswer<Run | null>> {
  const { check, repository, appId } = shown;
  const answers = z.object({ check_runs: z.array(runAnswer) });
  for (let page = 1; page <= PAGES; page++) {
    const answer = await ask(asker, questionOf(shown, 'list the check runs', answers), (octokit) =>
      octokit.rest.checks.listForRef({
        ...splitName(repository),
        ...{ ref: check.commit, check_name: check.name, filter: 'all', per_page: 100, page },
        ...(/^\d+$/.test(appId) ? { app_id: Number(appId) } : {}),
      }),
    );
    if (answer.kind !== 'ok') return answer;
    const { check_runs: runs } = answer.value.data;
    const own = runs.find(({ external_id }) => external_id === check.id);
    if (own !== undefined || runs.length < 100) return { kind: 'ok', value: own ?? null };
  }
  return { kind: 'ok', value: null };
}

async function createRun(ask: Ask, asker: Asker, shown: CheckToShow): Promise<HostAnswer<Run>> {
  const { check, repository } = shown;
  const answer = await ask(
    asker,
    { ...questionOf(shown, 'make a check run', runAnswer), writes: true },
    (octokit) =>
      octokit.rest.checks.create({
        ...splitName(repository),
        ...{ name: check.name, head_sha: check.commit, external_id: check.id, details_url: check.detailsUrl },
        ...{ status: 'completed', conclusion: check.conclusion, output: outputOf(check, 0) },
        ...(check.startedAtMs === null ? {} : { started_at: timeOf(check.startedAtMs) }),
        completed_at: timeOf(check.finishedAtMs),
      }),
  );
  return answer.kind === 'ok' ? { kind: 'ok', value: answer.value.data } : answer;
}

async function addTo(
  ask: Ask,
  asker: Asker,
  shown: CheckToShow,
  { run, at }: { run: number; at: number },
): Promise<HostAnswer<null>> {
  const { check, repository } = shown;
  const answer = await ask(
    asker,
    { ...questionOf(shown, 'add to a check run', runAnswer), writes: true },
    (octokit) =>
      octokit.rest.checks.update({
        ...splitName(repository),
        check_run_id: run,
        output: outputOf(check, at),
      }),
  );
  return answer.kind === 'ok' ? { kind: 'ok', value: null } : answer;
}

function questionOf<S extends z.ZodType>(shown: CheckToShow, what: string, answer: S): Question<S> {
  const { repository, signal } = shown;
  return { what: `${what} of ${repository}`, permission: 'Checks: read and write', answer, signal };
}

function outputOf({ title, summary, annotations }: CommitCheck, at: number) {
  return { title, summary, annotations: annotations.slice(at, at + ANNOTATIONS).map(annotationOf) };
}

function annotationOf({ path, line, title, message }: CheckAnnotation) {
  const place = { path, start_line: line, end_line: line };
  return { ...place, annotation_level: 'failure' as const, title, message };
}

/** Whole seconds, as GitHub's own times. */
const timeOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
