import type { InputType } from '../../core/input.ts';
import { OUR_EVENTS, type OurEvent } from '../events.ts';
import { own } from '../own.ts';
import { areEqual, calledWithKnown, knownOf, literalOf, type Known } from './known.ts';
import {
  BEGINS_ANEW,
  CONTEXT,
  EVENT_NAMES,
  hasDefaultElsewhere,
  inputOf,
  matrixOf,
  OF_RUNNER,
} from './contexts.ts';
import type { Start } from './start.ts';

/** An `if`: an expression of ours and a status; null where it cannot be said. */
export interface Condition {
  readonly evaluate: string | null;
  readonly status: 'success' | 'failure' | 'always';
  readonly isNever: boolean;
}

/** What the functions of a status are where all went well so far, and where something failed; a cancelled build runs nothing. */
const WELL = { always: 'true', success: 'true', failure: 'false', cancelled: 'false' };
const FAILED = { always: 'true', success: 'false', failure: 'true', cancelled: 'false' };

export function readCondition(written: string, start: Start): Condition | null {
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
      start,
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

/** Where alone it has the value of our variable; undefined: wherever that has one. */
function whereOf(token: string, start: Start): string | undefined {
  // As a boolean, `false` is what nothing is.
  const isNothing = !isText(token) && inputOf(token, start)?.standard === 'false';
  if (hasDefaultElsewhere(token, start) && !isNothing) return 'CI_PIPELINE_EVENT == "manual"';
  return own(ONLY_WHERE, token);
}

/** Brackets and negations that may stand in each other. */
const DEEPEST = 50;

/** By recursive descent; what is always true or false is left out. */
function translate(source: string, start: Start): string | null {
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
    const known = knownOf(token) ?? own(OF_RUNNER, token) ?? null;
    if (known !== null) return known === '' || known === 0 || known === false ? 'false' : 'true';
    if (token === 'github.ref_name' || BEGINS_ANEW.has(token)) return 'true';
    const input = inputOf(token, start);
    // As text `false` is true, and only where nobody is asked it is empty.
    if (input?.type === 'boolean')
      return isText(token) ? 'CI_PIPELINE_EVENT == "manual"' : ofValue(token, (name) => `${name} == "true"`);
    if (input?.type === 'number' && !isText(token))
      return ofValue(token, (name) => `(${name} != "" && ${name} != "0")`);
    return ofValue(token, (name) => `${name} != ""`);
  }
  /** What holds of a value, by what holds of the variables of ours that have it; null where there are none. */
  function ofValue(token: string, test: (variable: string) => string): string | null {
    if (token === 'github.ref_name')
      return `((CI_PIPELINE_EVENT != "pull_request" && ${test('CI_COMMIT_BRANCH')}) || ${test('CI_COMMIT_TAG')})`;
    const name = nameOf(token) ?? matrixOf(token);
    const where = whereOf(token, start);
    if (name === undefined || where === undefined) return name === undefined ? null : test(name);
    return `(${where} && ${test(name)})`;
  }
  /** Whether our variable alone does not say what it is. */
  function isOfEvent(token: string): boolean {
    return token === 'github.ref_name' || whereOf(token, start) !== undefined;
  }
  function nameOf(token: string): string | undefined {
    return inputOf(token, start)?.variable ?? own(CONTEXT, token);
  }
  function call(name: string): string | null {
    if (tokens[at++] !== '(') return null;
    const subject = tokens[at++] ?? '';
    if (tokens[at++] !== ',') return null;
    const part = knownOf(tokens[at++] ?? '');
    if (tokens[at++] !== ')' || part === null) return null;
    const known = knownOf(subject) ?? own(OF_RUNNER, subject) ?? null;
    if (known !== null) return String(calledWithKnown(name, known, part));
    if (subject === 'github.event_name')
      return ofEvents((event) => calledWithKnown(name, EVENT_NAMES[event], part));
    if (part === '') return 'true';
    const isOther = isOtherInPulls(subject, part, (one) => calledWithKnown(name, one, part));
    if (isOther || hasOtherValues(subject, part)) return null;
    const text = literalOf(part);
    return text === null ? null : ofValue(subject, (value) => `${asLetters(value, part)} ${name} ${text}`);
  }
  function compare(left: string, operator: string, right: string): string | null {
    const [first, second] = [knownOf(left), knownOf(right)];
    if (first !== null && second !== null) return String(areEqual(first, second) === (operator === '=='));
    if (first !== null || (isOfEvent(right) && !isOfEvent(left))) return compare(right, operator, left);
    const input = inputOf(left, start);
    if (second === null) {
      const other = isOfEvent(right) ? undefined : nameOf(right);
      if (other === undefined || [left, right].some((one) => mayBeNull(one) || hasOtherValues(one, '')))
        return null;
      const isSame = (name: string, how: string): string => `lower(${name}) ${how} lower(${other})`;
      // It has a value in every event, and its variables do not.
      if (left === 'github.ref_name')
        return compared(left, operator, (name) => `(${name} != "" && ${isSame(name, '==')})`);
      return compared(left, operator, isSame);
    }
    if (input !== undefined && (input.type === 'boolean' || typeof second === 'boolean')) {
      const equal = textEqualTo(second, input.type, isText(left));
      if (equal === null || equal === 'never') return equal && String(operator === '!=');
      if (typeof second === 'string') return comparedText(left, operator, equal, (name) => name);
      const isSame = (operator === '==') === second;
      return compared(left, isSame ? '==' : '!=', (name, how) => `${name} ${how} "true"`);
    }
    const ofRunner = own(OF_RUNNER, left);
    if (ofRunner !== undefined) return String(areEqual(ofRunner, second) === (operator === '=='));
    if (left === 'github.event_name')
      return ofEvents((event) => areEqual(EVENT_NAMES[event], second) === (operator === '=='));
    if (left === 'github.ref_type') {
      const type = String(second).toLowerCase();
      if (type !== 'tag' && type !== 'branch') return String(operator === '!=');
      return `CI_PIPELINE_EVENT ${(operator === '==') === (type === 'tag') ? '==' : '!='} "tag"`;
    }
    const text = literalOf(second);
    if (text === null || hasOtherValues(left, second)) return null;
    if (isOtherInPulls(left, second, (one) => areEqual(one, second))) return null;
    // A number is compared as one.
    if (input?.type === 'number' && !isText(left) && typeof second === 'string' && second.trim() === '')
      return null;
    if (second === '' && left === 'github.ref_name') return String(operator === '!=');
    return comparedText(left, operator, text, (name) => asLetters(name, second));
  }
  /** Where it has no value, it is equal to the empty text. */
  function comparedText(
    left: string,
    operator: string,
    text: string,
    read: (name: string) => string,
  ): string | null {
    if (text !== '""' || !isOfEvent(left))
      return compared(left, operator, (name, how) => `${read(name)} ${how} ${text}`);
    const some = ofValue(left, (name) => `${name} != ""`);
    return operator === '!=' ? some : `!(${some})`;
  }
  /** Whether it holds there of a pull request, which is merged, and not here, or here and not there. */
  function isOtherInPulls(token: string, value: Known, holds: (text: string) => boolean): boolean {
    if (!start.events.includes('pull_request')) return false;
    if (token === 'github.sha') return value !== '';
    if (!/^github\.ref(?:_name)?$/.test(token)) return false;
    const numbers = String(value).match(/\d+/g) ?? ['1'];
    return numbers.some((number) =>
      token === 'github.ref'
        ? holds(`refs/pull/${number}/merge`) !== holds(`refs/pull/${number}/head`)
        : holds(`${number}/merge`),
    );
  }
  function compared(
    left: string,
    operator: string,
    said: (name: string, operator: string) => string,
  ): string | null {
    if (!isOfEvent(left)) return ofValue(left, (name) => said(name, operator));
    const equal = ofValue(left, (name) => said(name, '=='));
    return operator === '==' ? equal : `!(${equal})`;
  }
}

/** Whether it is of the context in which booleans are text, `true` or `false`. */
const isText = (input: string): boolean => input.startsWith('github.event.');

/** Where it holds, by the name that each event has there. */
function ofEvents(holds: (event: OurEvent) => boolean): string {
  const events = OUR_EVENTS.filter(holds);
  if (events.length === 0 || events.length === OUR_EVENTS.length) return String(events.length > 0);
  const [other, ...others] = OUR_EVENTS.filter((event) => !events.includes(event));
  if (others.length === 0) return `CI_PIPELINE_EVENT != "${other}"`;
  const said = events.map((event) => `CI_PIPELINE_EVENT == "${event}"`).join(' || ');
  return events.length === 1 ? said : `(${said})`;
}

/**
 * The text of an input that equals a value of the file, where one of them is a boolean; null where it cannot be said. Values of
 * two types are compared as numbers, and text that is none equals nothing (GitHub, "Evaluate expressions", operators). Without a
 * build by hand an input is null, and 0.
 */
function textEqualTo(value: Known, type: InputType, isOfText: boolean): string | null {
  if (type === 'boolean' && isOfText === (typeof value === 'string')) {
    const text = String(value).toLowerCase();
    if (['true', 'false', ''].includes(text)) return JSON.stringify(text);
  }
  const isNever = typeof value === 'string' ? Number.isNaN(Number(value)) : value === true;
  return isNever && type === 'boolean' ? 'never' : null;
}

/** Whether a value there that may be compared so is another one here. */
function hasOtherValues(token: string, value: Known): boolean {
  if (BEGINS_ANEW.has(token) || token === 'github.event_name') return true;
  // What has no value is 0.
  return (
    (value === 0 && !token.startsWith('matrix.')) || (mayBeNull(token) && /^\s*[-+]?0/.test(String(value)))
  );
}

/** Whether it is null where it has no value, and not an empty text. */
function mayBeNull(token: string): boolean {
  return /^(?:github\.event|inputs)\./.test(token) && !token.startsWith('github.event.repository.');
}

/** Texts are compared without regard to case there. */
function asLetters(variable: string, value: Known): string {
  return /\p{L}/u.test(String(value)) ? `lower(${variable})` : variable;
}
