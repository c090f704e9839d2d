import type { Foreign } from '../foreign.ts';
import { entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { own } from '../own.ts';
import { noteLiteral, shellLiterals } from '../shell-literals.ts';
import { WORKSPACE } from '../workspace.ts';
import { CONTEXT, inputOf, OF_RUNNER, variableOf } from './contexts.ts';
import { noteOtherValues, noteValueOfCi } from './other-values.ts';
import { readCondition } from './read-condition.ts';
import { expressionAlone, replaceExpressions } from './replace-expressions.ts';
import type { Start } from './start.ts';

const VARIABLES: Readonly<Record<string, string>> = {
  GITHUB_SHA: 'CI_COMMIT_SHA',
  GITHUB_REF: 'CI_COMMIT_REF',
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

/** `github.ref_name`, within `${…}`. */
const REF_NAME = 'CI_COMMIT_REF#refs/*/';

/** `github.event.pull_request.head.sha`, within `${…}`. */
const HEAD = 'CI_COMMIT_PULL_REQUEST:+${CI_COMMIT_SHA}';

/** Variables that stand in each other. */
const DEEPEST = 20;

/** Characters of an expression whose parts are looked at. */
const LONGEST = 2_000;

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

export function stepExpressions(environment: ReadonlyMap<string, string>, start: Start): StepExpressions {
  /** Variables that the commands need, each with its value. */
  const needed = new Map<string, OutEntry>();
  const reading = new Set<string>();

  /** In capitals: so GitHub keeps and shows names of secrets, and it finds them in any letter case. */
  const secretOf = (expression: string): string | null => {
    const name = /^secrets\.(\w+)$/.exec(expression)?.[1]?.toUpperCase();
    return name === undefined || name === 'GITHUB_TOKEN' ? null : name;
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
    if (expression === 'github.ref_name') return REF_NAME;
    if (expression === 'github.event.pull_request.head.sha') return HEAD;
    return inputOf(expression, start)?.variable ?? own(CONTEXT, expression) ?? null;
  };

  /** Whether it is `false` or 0 where it has a value; in `github.event.inputs` all values are text. */
  const mayBeFalse = (expression: string): boolean => {
    const { type = 'string' } = inputOf(expression, start) ?? {};
    return ['boolean', 'number'].includes(type) && expression.startsWith('inputs.');
  };

  /** `a || b` as the name, and what is taken where that has no value; null for any other expression. */
  const alternative = (expression: string): string | null => {
    if (expression.length > LONGEST) return null;
    const [first, ...others] = expression.split('||').map((one) => one.trim());
    const name = first === undefined ? null : variable(first);
    if (first === undefined || name === null || others.length === 0) return null;
    if (name === REF_NAME) return name;
    if (name === HEAD) return others.join() === 'github.sha' ? 'CI_COMMIT_SHA' : null;
    if (/^env\./.test(first) || mayBeFalse(first)) return null;
    const rest = others.join(' || ');
    const word = literal(rest);
    if (word !== null && /^[\w./-]*$/.test(word)) return `${name}:-${word}`;
    const next = variable(rest) ?? alternative(rest);
    return next === null || /^env\./.test(rest) ? null : `${name}:-\${${next}}`;
  };

  const literal = (expression: string): string | null => {
    const ofRunner = own(OF_RUNNER, expression);
    if (ofRunner !== undefined) return ofRunner;
    if (/^(?:true|false|-?\d+)$/.test(expression)) return expression;
    return /^'((?:[^']|'')*)'$/.exec(expression)?.[1]?.replaceAll("''", "'") ?? null;
  };

  /** What is left of `a || b` and of `a && b || c` where it is known in the file what `a` is. */
  const folded = (expression: string): string => {
    if (expression.length > LONGEST) return expression;
    const [, condition = '', yes = '', no = ''] =
      /^([^']*(?:'[^']*'[^']*)*?)&&\s*('[^']*')\s*\|\|\s*('[^']*')$/.exec(expression) ?? [];
    const said = condition === '' || condition.includes('||') ? null : readCondition(condition, start);
    if (said !== null && said.status === 'success' && (said.isNever || said.evaluate === null))
      return said.isNever || yes === "''" ? no : yes;
    const [, first, rest] = /^('[^']*'|true|false)\s*\|\|\s*(.+)$/s.exec(expression) ?? [];
    if (first === undefined || rest === undefined) return expression;
    return first === "''" || first === 'false' ? folded(rest) : first;
  };

  /** What the file sets nowhere has no value there, and here that of the image. */
  const noteUnset = (expression: string, at: Foreign): void => {
    for (const [, name = ''] of expression.replace(/'[^']*'/g, '').matchAll(/(?<![\w.-])env\.(\w+)/g))
      if (!environment.has(name))
        at.changes(
          `\`env.${name}\` is set nowhere in the file: here the shell looks for it in the environment of the image`,
          'Write it as a variable of the step, or read it from a file that a step before has written.',
        );
  };

  /** The text that a variable of the file has, through others that it takes. */
  const textOfVariable = (
    name: string,
    at: Foreign,
    read: (value: string, at: Foreign) => string,
  ): string => {
    const value = environment.get(name) ?? '';
    if (reading.has(name)) {
      at.changes(`\`env.${name}\`: it takes itself, which is an error there`, 'Write it out.');
      return '';
    }
    if (reading.size >= DEEPEST) return '';
    at.spend(value.length);
    reading.add(name);
    const found = read(value, at);
    reading.delete(name);
    return found;
  };

  const value = (written: string, at: Foreign): Out => {
    const alone = expressionAlone(written);
    const secret = alone === null ? null : secretOf(alone);
    if (secret !== null) return map([entry('from_secret', secret, at)], at);
    const plain = written.replaceAll('$', (_, offset: number) =>
      written.startsWith('${{', offset) ? '$' : '$$',
    );
    return text(
      replaceExpressions(plain, (one) => {
        const expression = folded(one);
        const name = variable(expression) ?? alternative(expression);
        if (name !== null) noteOtherValues(expression, start, at);
        if (name !== null && /^env\.[\w-]+$/.test(expression)) return textOfVariable(name, at, valueText);
        if (name === 'CI_WORKSPACE') return WORKSPACE;
        if (name !== null && !/\bCI_(?:WORKSPACE|FORGE_URL)\b/.test(name)) return `\${${name}}`;
        const known = literal(expression);
        if (known === null) lacks(expression, at);
        return known ?? '';
      }),
      at,
    );
  };

  const valueText = (written: string, at: Foreign): string => {
    const found = value(written, at);
    if (found.kind === 'text') return found.value;
    lacks(written, at);
    return '';
  };

  const word = (written: string, at: Foreign): string =>
    replaceExpressions(written, (one, whole) => {
      const expression = folded(one);
      const [, name] = /^matrix\.([\w-]+)$/.exec(expression) ?? [];
      if (name !== undefined) return `\${${variableOf(name)}}`;
      const input = inputOf(expression, start);
      if (input !== undefined) noteOtherValues(expression, start, at);
      if (input !== undefined) return `\${${input.variable}}`;
      const ownName = /^env\.(\w+)$/.exec(expression)?.[1];
      if (ownName !== undefined && environment.has(ownName)) return textOfVariable(ownName, at, word);
      const known = literal(expression);
      if (known !== null) return known;
      at.changes('no name and no image depends on an event here', 'Write it out.');
      return whole;
    });

  /** The name of a variable with that value, which no variable of the file of its name hides. */
  const needs = (name: string, written: string, made: (variable: string) => OutEntry): string => {
    const hides = (one: string) =>
      environment.has(one) && expressionAlone(environment.get(one) ?? '') !== written;
    let variable = name;
    for (let number = 2; hides(variable); number++) variable = `${name}_${number}`;
    const found = made(variable);
    needed.set(variable, found);
    return variable;
  };
  const needsRefName = (): string =>
    needs('GITHUB_REF_NAME', 'github.ref_name', (one) => entry(one, `\${${REF_NAME}}`));

  /** Whether a variable of the file has the name of one of the matrix, and another value. */
  const isHidden = (expression: string, name: string): boolean =>
    expression.startsWith('matrix.') &&
    environment.has(name) &&
    expressionAlone(environment.get(name) ?? '') !== expression;
  const besides = (expression: string, name: string): string =>
    needs(`MATRIX_${name}`, expression, (one) => entry(one, `\${${name}}`));

  return {
    command: (text, at) => {
      const isLiteral = shellLiterals(text);
      noteValueOfCi(text, at);
      const reference = (name: string, whole: string, offset: number): string => {
        if (isLiteral(offset)) noteLiteral(whole, text[offset - 1], at);
        return `\${${name}}`;
      };
      return replaceExpressions(text, (written, whole, offset) => {
        const secret = secretOf(written);
        if (secret !== null) {
          const ofSecret = needs(
            /^(?:CI$|CI_|SLIPWAY_)/.test(secret) ? `SECRET_${secret}` : secret,
            written,
            (one) => entry(one, map([entry('from_secret', secret, at)], at)),
          );
          return reference(ofSecret, whole, offset);
        }
        const expression = folded(written);
        noteOtherValues(expression, start, at);
        noteUnset(expression, at);
        if (expression === 'github.ref_name') return reference(needsRefName(), whole, offset);
        const name = variable(expression) ?? alternative(expression);
        if (name !== null)
          return reference(isHidden(expression, name) ? besides(expression, name) : name, whole, offset);
        const known = literal(expression);
        if (known === null) lacks(expression, at);
        return known ?? '';
      }).replace(
        /\$(?:(GITHUB_\w+|RUNNER_\w+)|\{(GITHUB_\w+|RUNNER_\w+)([^{}]*)\})/g,
        (whole: string, bare?: string, braced?: string, operator?: string) => {
          const name = bare ?? braced ?? '';
          if (!environment.has(name)) noteOtherValues(name, start, at);
          if (name === 'GITHUB_REF_NAME') {
            needsRefName();
            return whole;
          }
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
    value,
    word,
    environment: () => [...needed.values()],
  };
}
