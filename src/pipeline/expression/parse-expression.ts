import { didYouMean } from '../../core/did-you-mean.ts';
import { BINARY_OPERATORS, FUNCTIONS } from './expression.ts';
import type { BinaryOperator, Expression, ExpressionType, FunctionName } from './expression.ts';
import { parseSyntax } from './parse-syntax.ts';
import type { Syntax, WrongSyntax } from './parse-syntax.ts';

export type ParsedExpression =
  | { readonly expression: Expression; readonly wrong: null }
  | {
      readonly expression: null;
      /** The first problem. */
      readonly wrong: WrongSyntax;
      /** All of them, by their places. */
      readonly problems: readonly WrongSyntax[];
      /** What could be read of it, whose names and patterns may be wrong, too; it is never evaluated. */
      readonly rest: Expression | null;
    };

/** Characters that an expression may have. */
export const MOST_CHARACTERS = 2_000;

/** What is found while an expression is read. */
interface Reading {
  readonly problems: WrongSyntax[];
  /** In the place of what cannot be read: of any type, so that nothing around it is called wrong for it. */
  readonly unsure: Set<Expression>;
  readonly comparesKinds: boolean;
}

/**
 * Reads a condition in the part of expr-lang's language that always ends: no value, whatever it is, can make it fail or
 * become a part of it. Its variables are known by name only. Never throws.
 * @param comparesKinds Whether `==` and `!=` of text and a number are read, as expr-lang has them: they never are equal.
 */
export function parseExpression(text: string, comparesKinds = false): ParsedExpression {
  if (text.length > MOST_CHARACTERS)
    return refused([{ cause: `it has more than ${MOST_CHARACTERS} characters`, at: 0 }], null);
  const templates = [...text.matchAll(/\$\{?[A-Za-z_]/g)].map(({ index: at }) => ({
    cause: NO_TEMPLATE,
    at,
  }));
  if (templates.length > 0) return refused(templates, null);
  const { syntax, wrong } = parseSyntax(text);
  if (wrong !== null) return refused([wrong], null);
  const reading: Reading = { problems: [], unsure: new Set(), comparesKinds };
  const expression = read(syntax, 0, reading);
  const { problems } = reading;
  if (expression.type !== 'truth' && !reading.unsure.has(expression))
    problems.push({ cause: `it is ${a(expression.type)}, and not true or false`, at: 0 });
  return problems.length === 0 ? { expression, wrong: null } : refused(problems, expression);
}

const NO_TEMPLATE = 'values are named without `$`, as in `CI_COMMIT_BRANCH == "main"`';

function refused(all: readonly WrongSyntax[], rest: Expression | null): ParsedExpression {
  const problems = [...all].sort((one, other) => one.at - other.at);
  return { expression: null, wrong: problems[0] as WrongSyntax, problems, rest };
}

const a = (type: ExpressionType): string => (type === 'truth' ? 'true or false' : `a ${type}`);

/** @param near Where to look for what has no place of its own. */
function read(syntax: Syntax | null, near: number, reading: Reading): Expression {
  if (syntax === null) return unreadable('something is missing in a list', near, reading);
  const at = placeOf(syntax) ?? near;
  switch (syntax.type) {
    case 'Literal':
      return literal(syntax['value'], at, reading);
    case 'Identifier':
      return named(syntax['name'] as string, at, reading);
    case 'ArrayExpression': {
      const items = (syntax['elements'] as (Syntax | null)[]).map((one) => typed(one, 'text', at, reading));
      return { kind: 'list', type: 'list of text', items };
    }
    case 'UnaryExpression':
      return {
        kind: 'not',
        type: 'truth',
        of: typed(syntax['argument'] as Syntax, 'truth', at, reading),
      };
    case 'BinaryExpression':
      return binary(syntax, at, reading);
    case 'ConditionalExpression':
      return choice(syntax, at, reading);
    case 'CallExpression':
      return call(syntax, at, reading);
    case 'Compound': {
      const all = syntax['body'] as Syntax[];
      const [, second] = all;
      const [cause, place] =
        second === undefined
          ? ['it is empty', at]
          : ['an operator is missing before this', placeOf(second) ?? at];
      return unreadable(cause, place, reading, all);
    }
    default:
      return unreadable('only names, texts, numbers, lists and operators are read', at, reading);
  }
}

/** @param parts What can be read of it all the same. */
function unreadable(
  cause: string,
  at: number,
  reading: Reading,
  parts: readonly (Syntax | null)[] = [],
): Expression {
  reading.problems.push({ cause, at });
  return unsure(
    parts.map((one) => read(one, at, reading)),
    reading,
  );
}

function unsure(items: readonly Expression[], { unsure: all }: Reading): Expression {
  const expression: Expression = { kind: 'list', type: 'list of text', items };
  all.add(expression);
  return expression;
}

function literal(value: unknown, at: number, reading: Reading): Expression {
  if (typeof value === 'string') return { kind: 'literal', type: 'text', value };
  if (typeof value === 'number') return { kind: 'literal', type: 'number', value };
  return unreadable('this is no value', at, reading);
}

function named(name: string, at: number, reading: Reading): Expression {
  if (name === 'true' || name === 'false') return { kind: 'literal', type: 'truth', value: name === 'true' };
  if (name === 'nil' || name === 'null')
    return unreadable('a variable without a value is empty: compare it with ""', at, reading);
  return { kind: 'variable', type: 'text', name, at };
}

function binary(syntax: Syntax, at: number, reading: Reading): Expression {
  const written = syntax['operator'] as string;
  const isNegated = written.startsWith('not ');
  const bare = isNegated ? written.slice('not '.length) : written;
  const operator = bare === 'and' ? '&&' : bare === 'or' ? '||' : bare;
  const [left, right] = [syntax['left'] as Syntax, syntax['right'] as Syntax];
  const said =
    operator === 'matches'
      ? matching(left, right, at, reading)
      : comparing(operator, left, right, at, reading);
  return isNegated ? { kind: 'not', type: 'truth', of: said } : said;
}

/** A pattern is written in the file: no value becomes one. */
function matching(left: Syntax, right: Syntax, at: number, reading: Reading): Expression {
  const place = placeOf(right) ?? at;
  const text = typed(left, 'text', at, reading);
  const pattern = right.type === 'Literal' ? right['value'] : null;
  if (typeof pattern === 'string') return { kind: 'matches', type: 'truth', left: text, pattern, at: place };
  const cause = 'what follows `matches` is a pattern in quotes, and no value';
  const items = [text, unreadable(cause, place, reading, [right])];
  return { kind: 'not', type: 'truth', of: unsure(items, reading) };
}

function comparing(written: string, left: Syntax, right: Syntax, at: number, reading: Reading): Expression {
  const operator = BINARY_OPERATORS.find((one) => one === written) as BinaryOperator;
  const both = (one: ExpressionType, other: ExpressionType): Expression => ({
    kind: 'binary',
    type: 'truth',
    operator,
    left: typed(left, one, at, reading),
    right: typed(right, other, at, reading),
  });
  switch (operator) {
    case '&&':
    case '||':
      return both('truth', 'truth');
    case 'in':
      return both('text', 'list of text');
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return both('text', 'text');
    default:
      return ordering(operator, left, right, at, reading);
  }
}

function ordering(
  operator: BinaryOperator,
  left: Syntax,
  right: Syntax,
  at: number,
  reading: Reading,
): Expression {
  const isEquality = operator === '==' || operator === '!=';
  const [one, other] = [read(left, at, reading), read(right, at, reading)];
  const compared: Expression = { kind: 'binary', type: 'truth', operator, left: one, right: other };
  const place = placeOf(right) ?? at;
  if (reading.unsure.has(one) || reading.unsure.has(other)) return compared;
  if (one.type !== other.type) {
    if (isEquality && reading.comparesKinds && isScalarPair(one.type, other.type))
      return { kind: 'literal', type: 'truth', value: operator === '!=' };
    const cause = `${a(one.type)} is compared with ${a(other.type)}; every variable is text, as in \`CI_PIPELINE_NUMBER == "7"\``;
    reading.problems.push({ cause, at: place });
  } else if (one.type === 'list of text' || (one.type === 'truth' && !isEquality))
    reading.problems.push({
      cause: `\`${operator}\` does not compare ${a(one.type)} with another`,
      at: place,
    });
  return compared;
}

const isScalarPair = (one: ExpressionType, other: ExpressionType): boolean =>
  [one, other].includes('text') && [one, other].includes('number');

function choice(syntax: Syntax, at: number, reading: Reading): Expression {
  const [first, yes, no] = ['test', 'consequent', 'alternate'].map((key) => syntax[key] as Syntax);
  const test = typed(first ?? null, 'truth', at, reading);
  const [one, other] = [read(yes ?? null, at, reading), read(no ?? null, at, reading)];
  if (reading.unsure.has(one) || reading.unsure.has(other)) return unsure([test, one, other], reading);
  if (one.type !== other.type) {
    const cause = `one side is ${a(one.type)}, the other ${a(other.type)}`;
    reading.problems.push({ cause, at: placeOf(no) ?? at });
    return unsure([test, one, other], reading);
  }
  return { kind: 'choice', type: one.type, test, yes: one, no: other };
}

function call(syntax: Syntax, at: number, reading: Reading): Expression {
  const callee = syntax['callee'] as Syntax;
  const name = callee.type === 'Identifier' ? (callee['name'] as string) : '';
  const written = syntax['arguments'] as (Syntax | null)[];
  if (!Object.hasOwn(FUNCTIONS, name)) {
    const near = didYouMean(name, Object.keys(FUNCTIONS));
    const cause = `\`${name}\` is no function${near === null ? `; there are ${Object.keys(FUNCTIONS).join(', ')}` : `; did you mean \`${near}\`?`}`;
    return unreadable(cause, at, reading, written);
  }
  const known = name as FunctionName;
  const { takes, gives } = FUNCTIONS[known];
  if (written.length !== takes.length)
    reading.problems.push({
      cause: `\`${name}\` takes ${takes.length === 1 ? 'one value' : `${takes.length} values`}`,
      at,
    });
  const given = written.map((one, index) => {
    const wanted = takes[index];
    return wanted === undefined ? read(one, at, reading) : typed(one, wanted, at, reading);
  });
  return { kind: 'call', type: gives, name: known, given };
}

/** A part that has to be of a type. */
function typed(syntax: Syntax | null, wanted: ExpressionType, at: number, reading: Reading): Expression {
  const one = read(syntax, at, reading);
  if (one.type !== wanted && !reading.unsure.has(one))
    reading.problems.push({
      cause: `this is ${a(one.type)}, where ${a(wanted)} is needed`,
      at: placeOf(syntax) ?? at,
    });
  return one;
}

/** Of what has no word of its own, where its first part stands. */
function placeOf(syntax: Syntax | null | undefined): number | undefined {
  if (syntax === null || syntax === undefined) return undefined;
  if (syntax.at !== undefined) return syntax.at;
  for (const key of ['left', 'test', 'argument', 'callee', 'object'])
    if (syntax[key] !== undefined) return placeOf(syntax[key] as Syntax);
  const [first] = (syntax['elements'] ?? syntax['body'] ?? syntax['expressions'] ?? []) as Syntax[];
  return placeOf(first);
}
