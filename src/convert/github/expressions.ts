import type { Foreign } from '../foreign.ts';
import { entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { own } from '../own.ts';
import { shellLiterals } from '../shell-literals.ts';
import type { DispatchInputs } from './dispatch-inputs.ts';

/** What values of the contexts are called here. */
const CONTEXT: Readonly<Record<string, string>> = {
  'github.sha': 'CI_COMMIT_SHA',
  'github.ref': 'CI_COMMIT_REF',
  'github.ref_name': 'CI_COMMIT_BRANCH',
  'github.head_ref': 'CI_COMMIT_SOURCE_BRANCH',
  'github.base_ref': 'CI_COMMIT_TARGET_BRANCH',
  'github.repository': 'CI_REPO',
  'github.repository_owner': 'CI_REPO_OWNER',
  'github.actor': 'CI_PIPELINE_AUTHOR',
  'github.triggering_actor': 'CI_PIPELINE_AUTHOR',
  'github.event_name': 'CI_PIPELINE_EVENT',
  'github.run_number': 'CI_PIPELINE_NUMBER',
  'github.run_id': 'CI_PIPELINE_NUMBER',
  'github.workspace': 'CI_WORKSPACE',
  'github.server_url': 'CI_FORGE_URL',
  'github.event.pull_request.number': 'CI_COMMIT_PULL_REQUEST',
  'github.event.number': 'CI_COMMIT_PULL_REQUEST',
  'github.event.repository.default_branch': 'CI_REPO_DEFAULT_BRANCH',
  'github.event.repository.name': 'CI_REPO_NAME',
  'github.event.pull_request.head.sha': 'CI_COMMIT_SHA',
  'github.event.pull_request.head.ref': 'CI_COMMIT_SOURCE_BRANCH',
  'github.event.head_commit.message': 'CI_COMMIT_MESSAGE',
};

const VARIABLES: Readonly<Record<string, string>> = {
  GITHUB_SHA: 'CI_COMMIT_SHA',
  GITHUB_REF: 'CI_COMMIT_REF',
  GITHUB_REF_NAME: 'CI_COMMIT_BRANCH',
  GITHUB_HEAD_REF: 'CI_COMMIT_SOURCE_BRANCH',
  GITHUB_BASE_REF: 'CI_COMMIT_TARGET_BRANCH',
  GITHUB_REPOSITORY: 'CI_REPO',
  GITHUB_REPOSITORY_OWNER: 'CI_REPO_OWNER',
  GITHUB_ACTOR: 'CI_PIPELINE_AUTHOR',
  GITHUB_EVENT_NAME: 'CI_PIPELINE_EVENT',
  GITHUB_RUN_NUMBER: 'CI_PIPELINE_NUMBER',
  GITHUB_RUN_ID: 'CI_PIPELINE_NUMBER',
  GITHUB_WORKSPACE: 'CI_WORKSPACE',
  GITHUB_SERVER_URL: 'CI_FORGE_URL',
};

const FORM = /\$\{\{\s*(.*?)\s*\}\}/gs;

/** A name of a matrix as a variable: `node-version` is `NODE_VERSION`. */
export function variableOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

/** The texts of one step. */
export interface StepExpressions {
  command(text: string, at: Foreign): string;
  /** A value of the environment: text, or a secret. */
  value(text: string, at: Foreign): Out;
  /** A name or an image, where only a matrix counts. */
  word(text: string, at: Foreign): string;
  /** Secrets that the commands need. */
  environment(): readonly OutEntry[];
}

/** @param inputs What the workflow asks for when it is started by hand. */
export function stepExpressions(
  environment: ReadonlyMap<string, string>,
  inputs: DispatchInputs['known'],
): StepExpressions {
  const secrets = new Map<string, Foreign>();

  const secretOf = (expression: string): string | null => {
    const [, name] = /^secrets\.(\w+)$/.exec(expression) ?? [];
    return name === undefined || /^GITHUB_TOKEN$/i.test(name) ? null : name;
  };

  const lacks = (expression: string, at: Foreign) =>
    at.changes(
      /GITHUB_TOKEN|github\.token/i.test(expression)
        ? 'a step gets no token of the Git host'
        : `\`${expression.slice(0, 60)}\` has no value here`,
      /GITHUB_TOKEN|github\.token/i.test(expression)
        ? 'Make a token there, and write it as a secret.'
        : 'Compute it in the commands.',
    );

  /** The name of the variable that holds it; null where there is none. */
  const variable = (expression: string): string | null => {
    const [, context, name] = /^(matrix|env)\.([\w-]+)$/.exec(expression) ?? [];
    if (name !== undefined) return context === 'matrix' ? variableOf(name) : name;
    return inputOf(expression, inputs)?.variable ?? own(CONTEXT, expression) ?? null;
  };

  const literal = (expression: string): string | null => {
    if (expression === 'runner.os') return 'Linux';
    if (expression === 'runner.arch') return 'X64';
    if (expression === 'runner.temp') return '/tmp';
    return /^'([^']*)'$/.exec(expression)?.[1] ?? null;
  };

  return {
    command: (text, at) => {
      const isLiteral = shellLiterals(text);
      const reference = (name: string, whole: string, offset: number): string => {
        if (isLiteral(offset))
          at.changes(
            `the shell does not replace \`${whole.slice(0, 60)}\` in single quotes`,
            'Write it in double quotes.',
          );
        return `\${${name}}`;
      };
      return text
        .replace(FORM, (whole: string, expression: string, offset: number) => {
          const secret = secretOf(expression);
          if (secret !== null) {
            secrets.set(secret, at);
            return reference(secret, whole, offset);
          }
          const name = variable(expression);
          if (name !== null) return reference(name, whole, offset);
          const known = literal(expression);
          if (known === null) lacks(expression, at);
          return known ?? '';
        })
        .replace(
          /\$(?:(GITHUB_\w+|RUNNER_\w+)|\{(GITHUB_\w+|RUNNER_\w+)([^{}]*)\})/g,
          (whole: string, bare?: string, braced?: string, operator?: string) => {
            const name = bare ?? braced ?? '';
            const ours = own(VARIABLES, name);
            if (ours === undefined) {
              if (!environment.has(name))
                at.changes(
                  /_(?:ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)$/.test(name)
                    ? `\`${name}\` is not there: a step hands nothing to the next but files`
                    : `\`${name}\` of GitHub has no counterpart and is not set`,
                  'Write a file in the workspace, and read it in the next step.',
                );
              return whole;
            }
            return braced === undefined ? `$${ours}` : `\${${ours}${operator ?? ''}}`;
          },
        );
    },
    value: (value, at) => {
      const alone = /^\$\{\{\s*([^{}]*?)\s*\}\}$/.exec(value)?.[1];
      const secret = alone === undefined ? null : secretOf(alone);
      if (secret !== null) return map([entry('from_secret', secret, at)], at);
      return text(
        value
          .replaceAll('$', (_, offset: number) => (value.startsWith('${{', offset) ? '$' : '$$'))
          .replace(FORM, (_, expression: string) => {
            const name = variable(expression);
            if (name !== null && /^env\./.test(expression)) return environment.get(name) ?? '';
            if (name !== null && !/^CI_(?:WORKSPACE|FORGE_URL)$/.test(name)) return `\${${name}}`;
            const known = literal(expression);
            if (known === null) lacks(expression, at);
            return known ?? '';
          }),
        at,
      );
    },
    word: (value, at) =>
      value.replace(FORM, (whole: string, expression: string) => {
        const [, name] = /^matrix\.([\w-]+)$/.exec(expression) ?? [];
        if (name !== undefined) return `\${${variableOf(name)}}`;
        const input = inputOf(expression, inputs);
        if (input !== undefined) return `\${${input.variable}}`;
        const ownName = /^env\.(\w+)$/.exec(expression)?.[1];
        if (ownName !== undefined && environment.has(ownName)) return environment.get(ownName) ?? '';
        at.changes('no name and no image depends on an event here', 'Write it out.');
        return whole;
      }),
    environment: () =>
      [...secrets].map(([name, at]) => entry(name, map([entry('from_secret', name, at)], at))),
  };
}

/** An `if`: an expression of ours and a status; null where it cannot be said. */
export interface Condition {
  readonly evaluate: string | null;
  readonly status: 'success' | 'failure' | 'always';
  readonly isNever: boolean;
}

/** @param inputs As of {@link stepExpressions}. */
export function readCondition(written: string, inputs: DispatchInputs['known']): Condition | null {
  const source = written.trim().replace(/^\$\{\{\s*([\s\S]*?)\s*\}\}$/, '$1');
  const status =
    /\balways\(\)/.test(source) || (/\bfailure\(\)/.test(source) && /(?<!!)\bsuccess\(\)/.test(source))
      ? 'always'
      : /!\s*cancelled\(\)/.test(source)
        ? 'always'
        : /(?<!!\s*)\bfailure\(\)/.test(source)
          ? 'failure'
          : 'success';
  const rest = source.replace(
    /!\s*(?:cancelled|failure)\(\)|\b(?:always|success|failure|cancelled)\(\)/g,
    'true',
  );
  const evaluate = translate(rest, inputs);
  if (evaluate === null) return null;
  return { evaluate: evaluate === 'true' ? null : evaluate, status, isNever: evaluate === 'false' };
}

/** Brackets and negations that may stand in each other. */
const DEEPEST = 50;

/** By recursive descent; what is always true or false is left out. */
function translate(source: string, inputs: DispatchInputs['known']): string | null {
  const tokens = source.match(/'(?:[^']|'')*'|&&|\|\||==|!=|[()!,]|[\w.-]+(?:\[[^\]]*\])?|\S/g) ?? [];
  let at = 0;
  let depth = 0;
  const whole = either();
  return at === tokens.length ? whole : null;

  function either(): string | null {
    return joined(both, '||', 'true', 'false');
  }
  function both(): string | null {
    return joined(one, '&&', 'false', 'true');
  }
  function joined(next: () => string | null, operator: string, wins: string, yields: string): string | null {
    const parts: string[] = [];
    do {
      const part = next();
      if (part === null) return null;
      parts.push(part);
    } while (tokens[at] === operator && ++at > 0);
    if (parts.includes(wins)) return wins;
    const left = parts.filter((part) => part !== yields);
    if (left.length === 0) return yields;
    return left.length === 1 ? (left[0] ?? null) : `(${left.join(` ${operator} `)})`;
  }
  function one(): string | null {
    if (depth >= DEEPEST) return null;
    depth++;
    const part = single();
    depth--;
    return part;
  }
  function single(): string | null {
    const token = tokens[at++];
    if (token === undefined) return null;
    if (token === '!') {
      const inner = one();
      return inner === null ? null : inner === 'true' ? 'false' : inner === 'false' ? 'true' : `!(${inner})`;
    }
    if (token === '(') {
      const inner = either();
      return tokens[at++] === ')' ? inner : null;
    }
    if (token === 'true' || token === 'false') return token;
    if (/^(?:startsWith|endsWith|contains)$/.test(token)) return call(token);
    const operator = tokens[at];
    if (operator === '==' || operator === '!=') {
      at++;
      return compare(token, operator, tokens[at++] ?? '');
    }
    const input = inputOf(token, inputs);
    if (input?.type === 'boolean') return `${input.variable} == "true"`;
    const name = input?.variable ?? own(CONTEXT, token);
    return name === undefined ? null : `${name} != ""`;
  }
  function nameOf(token: string): string | undefined {
    return inputOf(token, inputs)?.variable ?? own(CONTEXT, token);
  }
  function call(name: string): string | null {
    if (tokens[at++] !== '(') return null;
    const value = nameOf(tokens[at++] ?? '');
    if (tokens[at++] !== ',') return null;
    const text = literalOf(tokens[at++] ?? '');
    if (tokens[at++] !== ')' || value === undefined || text === null) return null;
    return `${value} ${name} ${text}`;
  }
  function compare(left: string, operator: string, right: string): string | null {
    const value = nameOf(left);
    const text =
      literalOf(right) ?? (/^(?:true|false)$/.test(right) && inputOf(left, inputs) ? `"${right}"` : null);
    if (left === 'github.event_name' && text !== null) {
      const ours: Readonly<Record<string, string>> = {
        '"push"': '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")',
        '"pull_request"': 'CI_PIPELINE_EVENT == "pull_request"',
        '"workflow_dispatch"': 'CI_PIPELINE_EVENT == "manual"',
        '"schedule"': 'CI_PIPELINE_EVENT == "cron"',
      };
      const said = ours[text] ?? 'false';
      return operator === '==' ? said : said === 'false' ? 'true' : `!(${said})`;
    }
    if (left === 'github.ref_type' && text !== null)
      return `CI_PIPELINE_EVENT ${(operator === '==') === (text === '"tag"') ? '==' : '!='} "tag"`;
    const [, matrix] = /^matrix\.([\w-]+)$/.exec(left) ?? [];
    const name = value ?? (matrix === undefined ? undefined : variableOf(matrix));
    const other = text ?? nameOf(right);
    return name === undefined || other === undefined ? null : `${name} ${operator} ${other}`;
  }
}

function inputOf(expression: string, inputs: DispatchInputs['known']) {
  const [, name] = /^(?:github\.event\.)?inputs\.([\w-]+)$/.exec(expression) ?? [];
  return name === undefined ? undefined : inputs.get(name);
}

function literalOf(token: string): string | null {
  const [, text] = /^'((?:[^']|'')*)'$/.exec(token) ?? [];
  if (text !== undefined) return JSON.stringify(text.replaceAll("''", "'"));
  return /^\d+$/.test(token) ? `"${token}"` : null;
}
