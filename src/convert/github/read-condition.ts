import { own } from '../own.ts';
import { CONTEXT, inputOf, matrixOf, OF_RUNNER } from './contexts.ts';
import type { DispatchInputs } from './dispatch-inputs.ts';

/** An `if`: an expression of ours and a status; null where it cannot be said. */
export interface Condition {
  readonly evaluate: string | null;
  readonly status: 'success' | 'failure' | 'always';
  readonly isNever: boolean;
}

/** What the functions of a status are where all went well so far, and where something failed; a cancelled build runs nothing. */
const WELL = { always: 'true', success: 'true', failure: 'false', cancelled: 'false' };
const FAILED = { always: 'true', success: 'false', failure: 'true', cancelled: 'false' };

/** @param inputs What the workflow asks for when it is started by hand. */
export function readCondition(written: string, inputs: DispatchInputs['known']): Condition | null {
  const source = written.trim().replace(/^\$\{\{\s*([\s\S]*?)\s*\}\}$/, '$1');
  let hasStatus = false;
  const where = (values: Readonly<Record<string, string>>) =>
    translate(
      source.replace(
        /'(?:[^']|'')*'|(?<![\w.-])(always|success|failure|cancelled)\s*\(\s*\)/g,
        (whole, name?: string) => {
          hasStatus ||= name !== undefined;
          return name === undefined ? whole : (values[name] ?? whole);
        },
      ),
      inputs,
    );
  const well = where(WELL);
  // Without such a function it asks for success.
  const failed = hasStatus ? where(FAILED) : 'false';
  if (well === null || failed === null) return null;
  const said = (evaluate: string, status: Condition['status']): Condition => ({
    evaluate: evaluate === 'true' ? null : evaluate,
    ...{ status, isNever: evaluate === 'false' },
  });
  if (failed === 'false') return said(well, 'success');
  if (well === 'false') return said(failed, 'failure');
  return well === failed ? said(well, 'always') : null;
}

/** Values that are empty there in other events than those of which this holds, where our variable is not. */
const ONLY_WHERE: Readonly<Record<string, string>> = {
  'github.event.head_commit.message': '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")',
  'github.event.pull_request.head.sha': 'CI_PIPELINE_EVENT == "pull_request"',
};

/** Whether our variable alone does not say what it is. */
const isOfEvent = (token: string): boolean =>
  token === 'github.ref_name' || own(ONLY_WHERE, token) !== undefined;

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
    if (/^(?:startsWith|endsWith|contains)$/.test(token)) return call(token);
    const operator = tokens[at];
    if (operator === '==' || operator === '!=') {
      at++;
      return compare(token, operator, tokens[at++] ?? '');
    }
    const known = knownOf(token);
    if (known !== null) return known === '' || known === 0 || known === false ? 'false' : 'true';
    const input = inputOf(token, inputs);
    if (input?.type === 'boolean') return `${input.variable} == "true"`;
    return token === 'github.ref_name' ? 'true' : ofValue(token, (name) => `${name} != ""`);
  }
  /** What holds of a value, by what holds of the variables of ours that have it; null where there are none. */
  function ofValue(token: string, test: (variable: string) => string): string | null {
    if (token === 'github.ref_name')
      return `((CI_PIPELINE_EVENT != "pull_request" && ${test('CI_COMMIT_BRANCH')}) || ${test('CI_COMMIT_TAG')})`;
    const name = nameOf(token) ?? matrixOf(token);
    const where = own(ONLY_WHERE, token);
    if (name === undefined || where === undefined) return name === undefined ? null : test(name);
    return `(${where} && ${test(name)})`;
  }
  function nameOf(token: string): string | undefined {
    return inputOf(token, inputs)?.variable ?? own(CONTEXT, token);
  }
  function call(name: string): string | null {
    if (tokens[at++] !== '(') return null;
    const subject = tokens[at++] ?? '';
    if (tokens[at++] !== ',') return null;
    const written = tokens[at++] ?? '';
    const text = literalOf(written);
    if (tokens[at++] !== ')' || text === null) return null;
    return (
      ofValue(subject, (value) => `${value} ${name} ${text}`) ??
      calledWithKnown(name, knownOf(subject), knownOf(written))
    );
  }
  function compare(left: string, operator: string, right: string): string | null {
    const [first, second] = [knownOf(left), knownOf(right)];
    if (first !== null && second !== null) return String(areEqual(first, second) === (operator === '=='));
    if (first !== null || (isOfEvent(right) && !isOfEvent(left))) return compare(right, operator, left);
    if (inputOf(left, inputs)?.type === 'boolean' && second !== null && isOfOtherType(left, second))
      return (isText(left) ? second === true : Number.isNaN(Number(second)))
        ? String(operator === '!=')
        : null;
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
    const ofRunner = own(OF_RUNNER, left);
    if (ofRunner !== undefined && text !== null)
      return (JSON.stringify(ofRunner) === text) === (operator === '==') ? 'true' : 'false';
    const other = text ?? (isOfEvent(right) ? undefined : nameOf(right));
    if (other === undefined) return null;
    if (!isOfEvent(left)) return ofValue(left, (name) => `${name} ${operator} ${other}`);
    const equal = ofValue(left, (name) => `${name} == ${other}`);
    return operator === '==' ? equal : `!(${equal})`;
  }
}

type Known = string | number | boolean;

/** Whether it is of the context in which booleans are text, `true` or `false`. */
const isText = (input: string): boolean => input.startsWith('github.event.');

/**
 * Whether a boolean input is compared with what is of another type: both are taken as numbers then, and text that is none
 * equals nothing (GitHub, "Evaluate expressions", operators). Without a build by hand an input is null, and 0.
 */
const isOfOtherType = (input: string, value: Known): boolean =>
  typeof value !== (isText(input) ? 'string' : 'boolean');

/** A value that is written in the expression; null for anything else. */
function knownOf(token: string): Known | null {
  if (token === 'true' || token === 'false') return token === 'true';
  if (/^-?\d+$/.test(token)) return Number(token);
  return /^'((?:[^']|'')*)'$/.exec(token)?.[1]?.replaceAll("''", "'") ?? null;
}

/** Texts without regard to case, and what is of two types as numbers (GitHub, "Evaluate expressions", operators). */
function areEqual(first: Known, second: Known): boolean {
  if (typeof first === 'string' && typeof second === 'string')
    return first.toLowerCase() === second.toLowerCase();
  return Number(first) === Number(second);
}

function calledWithKnown(name: string, subject: Known | null, part: Known | null): string | null {
  if (subject === null || part === null) return null;
  const [text, other] = [String(subject).toLowerCase(), String(part).toLowerCase()];
  if (name === 'startsWith') return String(text.startsWith(other));
  return String(name === 'endsWith' ? text.endsWith(other) : text.includes(other));
}

function literalOf(token: string): string | null {
  const [, text] = /^'((?:[^']|'')*)'$/.exec(token) ?? [];
  // A `$` in an expression of ours is an error.
  if (text?.includes('$') === true) return null;
  if (text !== undefined) return JSON.stringify(text.replaceAll("''", "'"));
  return /^\d+$/.test(token) ? `"${token}"` : null;
}
