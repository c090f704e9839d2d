import { compilePattern, matchesCharacter } from './shell-pattern.ts';
import type { ShellPattern, Text } from './shell-pattern.ts';
import type { Operation, Template, Variable } from './template.ts';

/** What the variables of one plan may still cost, all together; -1 when it was more, and then some are left out. */
export interface Budget {
  /** Characters that come out of them. */
  characters: number;
  /** Characters looked at, times the length of patterns. */
  work: number;
}

export interface Expanded {
  readonly text: string;
  /** Variables that were taken as they are and are not set, or empty. */
  readonly missing: readonly string[];
  /** Those of `${NAME:?message}` that are not set; `message` may be empty. */
  readonly needed: readonly { readonly name: string; readonly message: string }[];
}

/** The same, with what each part of the template stands for in the place of the text. */
export type ExpandedParts = Omit<Expanded, 'text'> & { readonly parts: readonly string[] };

/** What `expandParts` says, as one text. */
export function expandTemplate(
  template: Template,
  valueOf: (name: string) => string | null,
  budget: Budget,
): Expanded {
  const { parts, ...rest } = expandParts(template, valueOf, budget);
  return { text: parts.join(''), ...rest };
}

/**
 * The parts of a text with their variables replaced, as bash does it; a variable without a value is empty. What `=` assigns holds
 * for the rest of the text. Pure but for the budget, which it takes from.
 */
export function expandParts(
  template: Template,
  valueOf: (name: string) => string | null,
  budget: Budget,
): ExpandedParts {
  const missing = new Set<string>();
  const assigned = new Map<string, string>();
  const needed: { name: string; message: string }[] = [];

  const expand = (parts: Template): string => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : value(part);
    return text;
  };

  const value = ({ name, operation }: Variable): string => {
    const own = assigned.get(name) ?? valueOf(name);
    if (!spend(budget, own?.length ?? 0)) return '';
    if (isTest(operation)) return tested(name, own, operation);
    if ((own ?? '') === '') missing.add(name);
    const isAbsent = own === null && operation.kind !== 'length';
    const text = isAbsent ? '' : applied(own ?? '', operation, expand, budget);
    if (text.length > budget.characters) {
      budget.characters = -1;
      return '';
    }
    budget.characters -= text.length;
    return text;
  };

  const tested = (name: string, own: string | null, { kind, emptyToo, word }: TestOperation): string => {
    const isSet = own !== null && !(emptyToo && own === '');
    if (kind === 'alternative') return isSet ? expand(word) : '';
    if (isSet) {
      if (own === '') missing.add(name);
      return take(budget, own);
    }
    const instead = expand(word);
    if (kind === 'assign') assigned.set(name, instead);
    if (kind !== 'required') return instead;
    needed.push({ name, message: instead });
    return '';
  };

  const parts = template.map((part) => (typeof part === 'string' ? part : value(part)));
  return { parts, missing: [...missing], needed };
}

type TestOperation = Extract<Operation, { readonly emptyToo: boolean }>;

const isTest = (operation: Operation): operation is TestOperation => 'emptyToo' in operation;

function applied(
  own: string,
  operation: Exclude<Operation, TestOperation>,
  expand: (template: Template) => string,
  budget: Budget,
): string {
  switch (operation.kind) {
    case 'value':
      return own;
    case 'length':
      return String([...own].length);
    case 'slice':
      return sliced([...own], operation.from, operation.length);
    case 'trim': {
      const text = [...own];
      const pattern = compilePattern(expand(operation.pattern));
      return affords(budget, text, pattern) ? trimmed(text, pattern, operation) : '';
    }
    case 'replace': {
      const text = [...own];
      const pattern = compilePattern(expand(operation.pattern));
      if (!affords(budget, text, pattern)) return '';
      return replaced(text, pattern, operation.where, expand(operation.by), budget);
    }
    case 'case': {
      const text = [...own];
      const pattern = operation.pattern === null ? null : compilePattern(expand(operation.pattern));
      if (pattern !== null && !affords(budget, text, pattern)) return '';
      return inCase(text, operation, pattern);
    }
  }
}

/** A negative place counts from the end; so does a negative length. What does not exist is empty. */
function sliced(text: Text, from: number, length: number | null): string {
  const start = from < 0 ? text.length + from : from;
  if (start < 0 || start > text.length) return '';
  const end = length === null ? text.length : length < 0 ? text.length + length : start + length;
  return end < start ? '' : text.slice(start, end).join('');
}

function trimmed(
  text: Text,
  pattern: ShellPattern,
  { side, longest }: { readonly side: 'start' | 'end'; readonly longest: boolean },
): string {
  if (side === 'start') return text.slice(Math.max(0, pattern.endOfPrefix(text, longest))).join('');
  const start = pattern.startOfSuffix(text, longest);
  return text.slice(0, start < 0 ? text.length : start).join('');
}

function replaced(
  text: Text,
  pattern: ShellPattern,
  where: 'first' | 'all' | 'start' | 'end',
  by: string,
  budget: Budget,
): string {
  if (where === 'start') {
    const end = pattern.endOfPrefix(text, true);
    return end < 0 ? text.join('') : by + text.slice(end).join('');
  }
  if (where === 'end') {
    const start = pattern.startOfSuffix(text, true);
    return start < 0 ? text.join('') : text.slice(0, start).join('') + by;
  }
  if (pattern.size === 0) return text.join('');
  const endOf = pattern.finder(text);
  let out = '';
  let isDone = false;
  for (let at = 0; at < text.length || (at === 0 && !isDone);) {
    const end = isDone && where === 'first' ? -1 : endOf(at);
    if (end < 0) out += text[at++] ?? '';
    else {
      out += by;
      at = Math.max(end, at + (end === at ? 1 : 0));
      isDone = true;
      if (out.length > budget.characters) return out;
    }
  }
  return out;
}

/** A letter whose other form is several letters stays, as `towupper` has it. */
function inCase(
  text: Text,
  { to, all }: { readonly to: 'upper' | 'lower'; readonly all: boolean },
  pattern: ShellPattern | null,
): string {
  return text
    .map((character, index) => {
      if (index > 0 && !all) return character;
      if (pattern !== null && !matchesCharacter(pattern, character)) return character;
      const other = to === 'upper' ? character.toUpperCase() : character.toLowerCase();
      return [...other].length === 1 ? other : character;
    })
    .join('');
}

function affords(budget: Budget, text: Text, { size }: ShellPattern): boolean {
  return spend(budget, (text.length + 1) * (size + 1));
}

function spend(budget: Budget, work: number): boolean {
  if (budget.work < work + 1) {
    budget.work = -1;
    return false;
  }
  budget.work -= work + 1;
  return true;
}

function take(budget: Budget, text: string): string {
  if (text.length > budget.characters) {
    budget.characters = -1;
    return '';
  }
  budget.characters -= text.length;
  return text;
}
