import { own } from '../own.ts';

/** Brackets that may stand in each other. */
const DEEPEST = 50;

/** A rule’s `if` as an expression of ours; null where it cannot be said. */
export function translate(expression: string, defined: ReadonlyMap<string, string>): string | null {
  const tokens =
    expression.match(/"[^"]*"|'[^']*'|\/(?:\\.|[^/\\])+\/i?|&&|\|\||==|!=|=~|!~|[()!]|\$\{?\w+\}?|\w+|\S/g) ??
    [];
  let at = 0;
  let depth = 0;
  const peek = () => tokens[at];
  const take = () => tokens[at++];

  const either = (): string | null => joined(both, '||');
  const both = (): string | null => joined(one, '&&');

  function joined(next: () => string | null, operator: string): string | null {
    const parts: string[] = [];
    do {
      const part = next();
      if (part === null) return null;
      parts.push(part);
    } while (peek() === operator && take() !== undefined);
    return parts.length === 1 ? (parts[0] ?? null) : `(${parts.join(` ${operator} `)})`;
  }

  function one(): string | null {
    if (peek() === '(') {
      take();
      if (++depth > DEEPEST) return null;
      const inner = either();
      depth--;
      return take() === ')' ? inner : null;
    }
    const left = take() ?? '';
    const operator = peek();
    if (operator !== undefined && ['==', '!=', '=~', '!~'].includes(operator)) {
      take();
      return compare(left, operator, take() ?? '');
    }
    const name = nameOf(left);
    return name === null ? null : compare(left, '!=', 'null');
  }

  function compare(left: string, operator: string, right: string): string | null {
    const name = nameOf(left);
    if (name === null) return nameOf(right) === null ? null : compare(right, operator, left);
    // A commit has one build here, whether it was pushed or is of a pull request, too.
    if (name === 'CI_OPEN_MERGE_REQUESTS') return right === 'null' && operator === '!=' ? 'false' : null;
    if (name === 'CI_PIPELINE_SOURCE' || name === 'CI_MERGE_REQUEST_ID') return source(name, operator, right);
    const [, asked = null] = /^\$\{(CI_INPUT_\w+)\}$/.exec(defined.get(name) ?? '') ?? [];
    const [ours, guard] = own(OURS, name) ?? [asked, null];
    const pattern = operator.includes('~') ? defined.get(nameOf(right) ?? '') : undefined;
    const value = operand(pattern ?? right);
    if (value === null) return null;
    const isEqual = operator === '==' || operator === '=~';
    if (ours === null) {
      const written = defined.get(name);
      if (written === undefined || value.startsWith('CI_') || operator.includes('~')) return null;
      return (JSON.stringify(written) === value) === isEqual ? 'true' : 'false';
    }
    const test =
      operator === '=~' || operator === '!~' ? `${ours} matches ${value}` : `${ours} ${operator} ${value}`;
    const said = operator === '!~' ? `!(${test})` : test;
    if (guard === null) return said;
    return isEqual || (operator === '!=' && value === '""')
      ? `(${guard} && ${said})`
      : `(!(${guard}) || ${said})`;
  }

  const whole = either();
  return at === tokens.length ? whole : null;
}

const nameOf = (token: string): string | null => /^\$\{?(\w+)\}?$/.exec(token)?.[1] ?? null;

/** Text, a pattern, another variable, or nothing. */
function operand(token: string): string | null {
  if (token === 'null') return '""';
  if (/^["']/.test(token)) return JSON.stringify(token.slice(1, -1));
  const [, pattern, flag] = /^\/(.+)\/(i?)$/.exec(token) ?? [];
  if (pattern !== undefined)
    return JSON.stringify((flag === 'i' ? '(?i)' : '') + pattern.replaceAll('\\/', '/'));
  const name = nameOf(token);
  return name === null ? null : (own(OURS, name)?.[0] ?? null);
}

/** When a job runs that says nothing of it: for branches and tags. */
export const NO_PULL_REQUEST = 'CI_PIPELINE_EVENT != "pull_request"';
const PULL_REQUEST = 'CI_PIPELINE_EVENT == "pull_request"';

/** The tag, or the branch that was pushed to, or that a merge request is of. */
const REF_NAME = `(CI_PIPELINE_EVENT == "tag" ? CI_COMMIT_TAG : ${PULL_REQUEST} ? CI_COMMIT_SOURCE_BRANCH : CI_COMMIT_BRANCH)`;

/** Ours of GitLab’s variables in rules, and when GitLab sets them. */
const OURS: Readonly<Record<string, readonly [string, string | null]>> = {
  CI_COMMIT_BRANCH: ['CI_COMMIT_BRANCH', NO_PULL_REQUEST],
  CI_COMMIT_TAG: ['CI_COMMIT_TAG', null],
  CI_COMMIT_REF_NAME: [REF_NAME, null],
  CI_COMMIT_MESSAGE: ['CI_COMMIT_MESSAGE', null],
  CI_COMMIT_TITLE: ['CI_COMMIT_MESSAGE', null],
  CI_COMMIT_AUTHOR: ['CI_COMMIT_AUTHOR', null],
  CI_DEFAULT_BRANCH: ['CI_REPO_DEFAULT_BRANCH', null],
  CI_PROJECT_PATH: ['CI_REPO', null],
  CI_PROJECT_NAME: ['CI_REPO_NAME', null],
  CI_PROJECT_NAMESPACE: ['CI_REPO_OWNER', null],
  CI_MERGE_REQUEST_IID: ['CI_COMMIT_PULL_REQUEST', null],
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: ['CI_COMMIT_SOURCE_BRANCH', null],
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: ['CI_COMMIT_TARGET_BRANCH', PULL_REQUEST],
  CI_MERGE_REQUEST_LABELS: ['CI_COMMIT_PULL_REQUEST_LABELS', null],
};

function source(name: string, operator: string, right: string): string | null {
  if (name === 'CI_MERGE_REQUEST_ID')
    return right === 'null' ? (operator === '!=' ? PULL_REQUEST : NO_PULL_REQUEST) : null;
  if (operator !== '==' && operator !== '!=') return null;
  const words: Readonly<Record<string, string>> = {
    merge_request_event: PULL_REQUEST,
    push: '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")',
    web: 'CI_PIPELINE_EVENT == "manual"',
    schedule: 'CI_PIPELINE_EVENT == "cron"',
  };
  const said = own(words, right.slice(1, -1)) ?? 'false';
  return operator === '==' ? said : said === 'false' ? 'true' : `!(${said})`;
}
