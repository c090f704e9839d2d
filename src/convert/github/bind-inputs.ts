import type { Bind, Foreign } from '../foreign.ts';
import { expressionAlone, replaceExpressions } from './replace-expressions.ts';

/** A value that an action or a called workflow gets: text in which expressions of the job that gives it may stand. */
export interface Given {
  readonly text: string;
  readonly type: 'string' | 'boolean' | 'number';
}

/** What stands for what in a file that is taken in. */
export interface Bindings {
  /** By their names in lower case; a name without an entry is empty. */
  readonly inputs: ReadonlyMap<string, Given>;
  /** What texts speak of, as far as they were read: `inputs.name`, `secrets.name`, in lower case. */
  readonly used: Set<string>;
  /** By name in capitals; null where they keep their names. */
  readonly secrets: ReadonlyMap<string, Given> | null;
  /** Folder of the action in the repository; null for a workflow. */
  readonly folder: string | null;
}

/**
 * Puts into a text of the file what its caller gives: as it is written there, so that what depends on an event stays the
 * expression that it is, and never becomes a part of a command. It is done once: what is put in is not read again.
 */
export function bindingOf(bindings: Bindings): Bind {
  return (text, at) => {
    at.spend(text.length);
    if (at.key === 'if') return boundCondition(text, bindings, at);
    const written =
      at.key === 'run' && bindings.folder !== null
        ? text.replace(/\$(?:GITHUB_ACTION_PATH\b|\{GITHUB_ACTION_PATH\})/g, '${{ github.action_path }}')
        : text;
    return replaceExpressions(written, (expression) => {
      const alone = /^[\w.-]+(?:\[\s*'[^']*'\s*\])?$/.test(expression) ? lookUp(expression, bindings) : null;
      const put = alone === null ? `\${{ ${boundExpression(expression, bindings, at)} }}` : alone.text;
      at.spend(put.length);
      return put;
    });
  };
}

/** All of an `if` is an expression, also outside of braces. */
function boundCondition(text: string, bindings: Bindings, at: Foreign): string {
  const alone = expressionAlone(text);
  if (alone !== null || !text.includes('${{')) return boundExpression((alone ?? text).trim(), bindings, at);
  return replaceExpressions(text, (one) => `\${{ ${boundExpression(one, bindings, at)} }}`);
}

const PLACES =
  /'(?:[^']|'')*'|(?<![\w.-])(?:inputs|secrets)(?:\.[\w-]+|\[\s*'[^']*'\s*\])|(?<![\w.-])github\.action_path\b(?!-)/g;

function boundExpression(expression: string, bindings: Bindings, at: Foreign): string {
  return expression.replace(PLACES, (place) => {
    const given = place.startsWith("'") ? null : lookUp(place, bindings);
    const put = given === null ? place : asExpression(given);
    at.spend(put.length);
    return put;
  });
}

const NOTHING: Given = { text: '', type: 'string' };

/** What an expression of one name stands for; null for what means the same here as there. */
function lookUp(expression: string, { inputs, used, secrets, folder }: Bindings): Given | null {
  const [, context, dotted, quoted] =
    /^(inputs|secrets)(?:\.([\w-]+)|\[\s*'([^']*)'\s*\])$/.exec(expression) ?? [];
  const name = dotted ?? quoted ?? '';
  if (context !== undefined) used.add(`${context}.${name.toLowerCase()}`);
  if (context === 'inputs') return inputs.get(name.toLowerCase()) ?? NOTHING;
  if (context === 'secrets' && secrets !== null && !/^GITHUB_TOKEN$/i.test(name))
    return secrets.get(name.toUpperCase()) ?? NOTHING;
  if (expression === 'github.action_path' && folder !== null)
    return {
      text: folder === '' ? '${{ github.workspace }}' : `\${{ github.workspace }}/${folder}`,
      type: 'string',
    };
  return null;
}

/** A given value in the place of a name within an expression. */
function asExpression({ text, type }: Given): string {
  if (!text.includes('${{')) {
    if (type === 'boolean') return /^true$/i.test(text) ? 'true' : 'false';
    return type === 'number' && /^-?\d+$/.test(text) ? text : quoted(text);
  }
  const alone = expressionAlone(text);
  if (alone !== null) return /^(?:[\w.-]+|'(?:[^']|'')*')$/.test(alone) ? alone : `(${alone})`;
  const parts: string[] = [];
  const marked = replaceExpressions(text, (inner) => `\0${parts.push(inner) - 1}\0`);
  // No reader tells what `format` makes of braces, and those of an expression would end here.
  const template = marked.replaceAll(/[{}]/g, '').replaceAll(/\0(\d+)\0/g, '{$1}');
  return `format(${[quoted(template), ...parts].join(', ')})`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
