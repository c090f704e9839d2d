import type { Foreign } from '../foreign.ts';
import { noteSchedule } from '../events.ts';
import { entry, list, map, text } from '../out.ts';
import { own } from '../own.ts';
import { byHandEntry, noteChanges } from './by-hand.ts';
import { NO_PULL_REQUEST } from './expression.ts';
import { pathEntry } from './path-entry.ts';
import type { JobWhen, OfJob } from './rules.ts';

const NO_CLOCK = 'no build is made by a clock, a trigger or another pipeline';

/** `only` and `except`, which came before rules. */
export function readOnly(
  only: Foreign | undefined,
  except: Foreign | undefined,
  defined: ReadonlyMap<string, string>,
  { word, status, isFailureAllowed }: OfJob,
): JobWhen {
  const refs = (value: Foreign | undefined) =>
    value === undefined
      ? []
      : value.kind === 'map'
        ? (value.get('refs')?.oneOrMore() ?? [])
        : value.oneOrMore();
  for (const value of [only, except])
    for (const key of ['variables', 'kubernetes'])
      if (value?.kind === 'map') value.get(key)?.leaveOut('it is no condition here', 'Write `evaluate`.');
  const changes = only?.kind === 'map' ? only.get('changes') : undefined;
  const path = changes === undefined ? null : pathEntry(changes, defined);
  if (except?.kind === 'map')
    except.get('changes')?.leaveOut('it is not converted', 'Write `path: { exclude: […] }`.');
  const included = refs(only).map((one) => refExpression(one));
  const excluded = refs(except).map((one) => refExpression(one));
  const wanted = included.filter((one) => one !== 'false');
  if (included.length > 0 && wanted.length === 0)
    return { when: null, isNever: true, isFailureAllowed: false, byHand: [] };
  const parts = [
    ...(wanted.length === 0 ? [] : [wanted.length === 1 ? (wanted[0] ?? '') : `(${wanted.join(' || ')})`]),
    ...excluded.filter((one) => one !== 'false').map((one) => `!(${one})`),
    // Without `only`, branches and tags.
    ...(included.length === 0 ? [NO_PULL_REQUEST] : []),
  ];
  const isPlain = parts.length === 1 && included.length === 0 && excluded.length === 0;
  const isByHand = word === 'manual';
  if (isByHand) noteChanges(changes);
  const condition = map([
    isByHand
      ? byHandEntry(null)
      : isPlain
        ? entry('event', list(['push', 'tag', 'manual'].map((one) => text(one))))
        : null,
    parts.length === 0 || isPlain ? null : entry('evaluate', parts.join(' && '), only ?? except ?? null),
    path,
    status === null ? null : entry('status', status),
  ]);
  return {
    when: condition.entries.length === 0 ? null : entry('when', condition, only ?? except ?? null),
    isNever: false,
    isFailureAllowed,
    byHand: isByHand
      ? [{ where: parts.length === 0 ? 'true' : parts.join(' && '), isBlocking: !isFailureAllowed }]
      : [],
  };
}

/**
 * Where an item of `only` or `except` holds. What follows its first `@` is the project that it is of, in an expression as
 * well (GitLab, "CI/CD YAML syntax", `only:refs`).
 */
function refExpression(ref: Foreign): string {
  const [, name = '', project] = /^([^@]*)(?:@(.*))?$/s.exec(ref.text() ?? '') ?? [];
  if (project === undefined) return namedExpression(ref, name);
  if (!/^\w[\w.-]*(?:\/[\w.-]+)+$/.test(project)) {
    ref.leaveOut(
      `what follows \`@\` is the project there, and \`${project.slice(0, 40)}\` is none: it never holds`,
      'Write `evaluate`; there, `\\x40` stands for `@`.',
    );
    return 'false';
  }
  const said = namedExpression(ref, name);
  if (said === 'false') return said;
  ref.changes(
    `it holds where the repository is called \`${project.slice(0, 60)}\` here, too`,
    'Write its name here in `evaluate`, where that is another.',
  );
  return `(${said} && CI_REPO == ${JSON.stringify(project)})`;
}

function namedExpression(ref: Foreign, name: string): string {
  const words: Readonly<Record<string, string>> = {
    branches: '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "manual")',
    tags: 'CI_PIPELINE_EVENT == "tag"',
    merge_requests: 'CI_PIPELINE_EVENT == "pull_request"',
    pushes: '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")',
    web: 'CI_PIPELINE_EVENT == "manual"',
  };
  const known = own(words, name);
  if (known !== undefined) return known;
  if (name === 'schedules') {
    noteSchedule(ref);
    return 'CI_PIPELINE_EVENT == "cron"';
  }
  if (/^(?:triggers|api|pipelines|external|external_pull_requests|chat)$/.test(name)) {
    ref.leaveOut(NO_CLOCK, 'Call "run now" of the API.');
    return 'false';
  }
  const pattern = /^\/(.+)\/(i?)$/.exec(name);
  const test =
    pattern === null
      ? (variable: string) => `${variable} == ${JSON.stringify(name)}`
      : (variable: string) =>
          `${variable} matches ${JSON.stringify((pattern[2] === 'i' ? '(?i)' : '') + (pattern[1] ?? ''))}`;
  return `((CI_PIPELINE_EVENT != "pull_request" && ${test('CI_COMMIT_BRANCH')}) || ${test('CI_COMMIT_TAG')})`;
}
