import type { BinaryOperator, Expression, FunctionName } from './expression.ts';
import { compilePattern } from './pattern.ts';

/** What all expressions of a build may cost together: characters looked at, and steps of patterns. */
export interface Effort {
  left: number;
}

type Value = string | number | boolean | readonly string[];

/**
 * Whether a checked condition holds for these values; a variable without one is empty. Pure, and always ends. False once
 * `effort.left` is below zero: then its result means nothing.
 */
export function evaluateExpression(
  expression: Expression,
  valueOf: (name: string) => string,
  effort: Effort,
): boolean {
  return evaluate(expression, valueOf, effort) === true && effort.left >= 0;
}

function evaluate(one: Expression, valueOf: (name: string) => string, effort: Effort): Value {
  if (effort.left < 0) return EMPTY[one.type];
  const value = (part: Expression): Value => evaluate(part, valueOf, effort);
  effort.left--;
  switch (one.kind) {
    case 'literal':
      return one.value;
    case 'variable':
      return valueOf(one.name);
    case 'list':
      return one.items.map((item) => String(value(item)));
    case 'not':
      return value(one.of) !== true;
    case 'choice':
      return value(one.test) === true ? value(one.yes) : value(one.no);
    case 'call':
      return call(one.name, one.given.map(value), effort);
    case 'matches': {
      const { pattern } = compilePattern(one.pattern);
      const text = String(value(one.left));
      effort.left -= text.length * (pattern?.size ?? 0);
      return effort.left >= 0 && pattern !== null && pattern.matches(text);
    }
    case 'binary': {
      if (one.operator === '&&') return value(one.left) === true && value(one.right) === true;
      if (one.operator === '||') return value(one.left) === true || value(one.right) === true;
      const [left, right] = [value(one.left), value(one.right)];
      effort.left -= lengthOf(left) + lengthOf(right);
      return compare(one.operator, left, right);
    }
  }
}

const EMPTY: Readonly<Record<Expression['type'], Value>> = {
  text: '',
  number: 0,
  truth: false,
  'list of text': [],
};

const lengthOf = (value: Value): number =>
  typeof value === 'string'
    ? value.length
    : Array.isArray(value)
      ? (value as readonly string[]).reduce((sum, one) => sum + one.length + 1, 0)
      : 1;

function compare(operator: Exclude<BinaryOperator, '&&' | '||'>, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case 'in':
      return Array.isArray(right) && right.includes(left);
    case 'contains':
      return String(left).includes(String(right));
    case 'startsWith':
      return String(left).startsWith(String(right));
    case 'endsWith':
      return String(left).endsWith(String(right));
  }
}

function call(name: FunctionName, [first = '', second = '']: readonly Value[], effort: Effort): Value {
  const text = String(first);
  effort.left -= text.length;
  switch (name) {
    case 'len':
      // As expr-lang counts: code points.
      return [...text].length;
    case 'lower':
      return text.toLowerCase();
    case 'upper':
      return text.toUpperCase();
    case 'trim':
      return text.trim();
    case 'split':
      return text.split(String(second));
  }
}
