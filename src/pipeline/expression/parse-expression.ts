import { didYouMean } from '../../core/did-you-mean.ts';
import { BINARY_OPERATORS, FUNCTIONS, partsOf } from './expression.ts';
import type { BinaryOperator, Expression, ExpressionType, FunctionName } from './expression.ts';
import { parseSyntax } from './parse-syntax.ts';
import type { Syntax, WrongSyntax } from './parse-syntax.ts';

export type ParsedExpression =
  | { readonly expression: Expression; readonly wrong: null }
  | { readonly expression: null; readonly wrong: WrongSyntax };

/** Characters that an expression may have. */
export const MOST_CHARACTERS = 2_000;

/**
 * Reads a condition in the part of expr-lang's language that always ends: no value, whatever it is, can make it fail or
 * become a part of it. Its variables are known by name only. Never throws.
 * @param comparesKinds Whether `==` and `!=` of text and a number are read, as expr-lang has them: they never are equal.
 */
export function parseExpression(text: string, comparesKinds = false): ParsedExpression {
  if (text.length > MOST_CHARACTERS)
    return refused({ cause: `it has more than ${MOST_CHARACTERS} characters`, at: 0 });
  const template = text.search(/\$\{?[A-Za-z_]/);
  if (template >= 0)
    return refused({
      cause: 'values are named without `$`, as in `CI_COMMIT_BRANCH == "main"`',
      at: template,
    });
  const { syntax, wrong } = parseSyntax(text);
  if (wrong !== null) return refused(wrong);
  try {
    const expression = read(syntax, 0);
    if (expression.type !== 'truth')
      return refused({ cause: `it is ${a(expression.type)}, and not true or false`, at: 0 });
    const unequal = comparesKinds ? null : firstUnequal(expression);
    return unequal === null ? { expression, wrong: null } : refused(unequal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(error);
  }
}

const refused = ({ cause, at }: WrongSyntax): ParsedExpression => ({
  expression: null,
  wrong: { cause, at },
});

class Refusal extends Error implements WrongSyntax {
  override readonly cause: string;
  readonly at: number;

  constructor(cause: string, at: number) {
    super(cause);
    this.cause = cause;
    this.at = at;
  }
}

function firstUnequal(expression: Expression): WrongSyntax | null {
  for (const part of partsOf(expression))
    if (part.kind === 'literal' && part.unequal !== undefined) return part.unequal;
  return null;
}

const a = (type: ExpressionType): string => (type === 'truth' ? 'true or false' : `a ${type}`);

/** @param near Where to look for what has no place of its own. */
function read(syntax: Syntax | null, near: number): Expression {
  if (syntax === null) throw new Refusal('something is missing in a list', near);
  const at = placeOf(syntax) ?? near;
  switch (syntax.type) {
    case 'Literal':
      return literal(syntax['value'], at);
    case 'Identifier':
      return named(syntax['name'] as string, at);
    case 'ArrayExpression': {
      const items = (syntax['elements'] as (Syntax | null)[]).map((one) =>
        typed(read(one, at), 'text', one, at),
      );
      return { kind: 'list', type: 'list of text', items };
    }
    case 'UnaryExpression': {
      const of = syntax['argument'] as Syntax;
      return { kind: 'not', type: 'truth', of: typed(read(of, at), 'truth', of, at) };
    }
    case 'BinaryExpression':
      return binary(syntax, at);
    case 'ConditionalExpression':
      return choice(syntax, at);
    case 'CallExpression':
      return call(syntax, at);
    case 'Compound': {
      const [, second] = syntax['body'] as Syntax[];
      throw new Refusal(
        second === undefined ? 'it is empty' : 'an operator is missing before this',
        second === undefined ? at : (placeOf(second) ?? at),
      );
    }
    default:
      throw new Refusal('only names, texts, numbers, lists and operators are read', at);
  }
}

function literal(value: unknown, at: number): Expression {
  if (typeof value === 'string') return { kind: 'literal', type: 'text', value };
  if (typeof value === 'number') return { kind: 'literal', type: 'number', value };
  throw new Refusal('this is no value', at);
}

function named(name: string, at: number): Expression {
  if (name === 'true' || name === 'false') return { kind: 'literal', type: 'truth', value: name === 'true' };
  if (name === 'nil' || name === 'null')
    throw new Refusal('a variable without a value is empty: compare it with ""', at);
  return { kind: 'variable', type: 'text', name, at };
}

function binary(syntax: Syntax, at: number): Expression {
  const written = syntax['operator'] as string;
  const isNegated = written.startsWith('not ');
  const bare = isNegated ? written.slice('not '.length) : written;
  const operator = bare === 'and' ? '&&' : bare === 'or' ? '||' : bare;
  const [left, right] = [syntax['left'] as Syntax, syntax['right'] as Syntax];
  const said = operator === 'matches' ? matching(left, right, at) : comparing(operator, left, right, at);
  return isNegated ? { kind: 'not', type: 'truth', of: said } : said;
}

/** A pattern is written in the file: no value becomes one. */
function matching(left: Syntax, right: Syntax, at: number): Expression {
  const place = placeOf(right) ?? at;
  const pattern = right.type === 'Literal' ? right['value'] : null;
  if (typeof pattern !== 'string')
    throw new Refusal('what follows `matches` is a pattern in quotes, and no value', place);
  return {
    kind: 'matches',
    type: 'truth',
    left: typed(read(left, at), 'text', left, at),
    pattern,
    at: place,
  };
}

function comparing(written: string, left: Syntax, right: Syntax, at: number): Expression {
  const operator = BINARY_OPERATORS.find((one) => one === written) as BinaryOperator;
  const [one, other] = [read(left, at), read(right, at)];
  switch (operator) {
    case '&&':
    case '||':
      typed(one, 'truth', left, at);
      typed(other, 'truth', right, at);
      break;
    case 'in':
      typed(one, 'text', left, at);
      typed(other, 'list of text', right, at);
      break;
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      typed(one, 'text', left, at);
      typed(other, 'text', right, at);
      break;
    default:
      if (one.type !== other.type) {
        const cause = `${a(one.type)} is compared with ${a(other.type)}; every variable is text, as in \`CI_PIPELINE_NUMBER == "7"\``;
        const place = placeOf(right) ?? at;
        if (!isEquality(operator) || !isScalarPair(one.type, other.type)) throw new Refusal(cause, place);
        const unequal = { at: place, cause };
        return { kind: 'literal', type: 'truth', value: operator === '!=', unequal };
      }
      if (one.type === 'list of text' || (one.type === 'truth' && operator !== '==' && operator !== '!='))
        throw new Refusal(
          `\`${operator}\` does not compare ${a(one.type)} with another`,
          placeOf(right) ?? at,
        );
  }
  return { kind: 'binary', type: 'truth', operator, left: one, right: other };
}

const isEquality = (operator: BinaryOperator): boolean => operator === '==' || operator === '!=';

const isScalarPair = (one: ExpressionType, other: ExpressionType): boolean =>
  [one, other].includes('text') && [one, other].includes('number');

function choice(syntax: Syntax, at: number): Expression {
  const [test, yes, no] = [syntax['test'], syntax['consequent'], syntax['alternate']] as Syntax[];
  const [first, second] = [read(yes ?? null, at), read(no ?? null, at)];
  if (first.type !== second.type)
    throw new Refusal(`one side is ${a(first.type)}, the other ${a(second.type)}`, placeOf(no) ?? at);
  return {
    kind: 'choice',
    type: first.type,
    test: typed(read(test ?? null, at), 'truth', test, at),
    yes: first,
    no: second,
  };
}

function call(syntax: Syntax, at: number): Expression {
  const callee = syntax['callee'] as Syntax;
  const name = callee.type === 'Identifier' ? (callee['name'] as string) : '';
  if (!Object.hasOwn(FUNCTIONS, name)) {
    const near = didYouMean(name, Object.keys(FUNCTIONS));
    throw new Refusal(
      `\`${name}\` is no function${near === null ? `; there are ${Object.keys(FUNCTIONS).join(', ')}` : `; did you mean \`${near}\`?`}`,
      at,
    );
  }
  const known = name as FunctionName;
  const { takes, gives } = FUNCTIONS[known];
  const given = syntax['arguments'] as Syntax[];
  if (given.length !== takes.length)
    throw new Refusal(`\`${name}\` takes ${takes.length === 1 ? 'one value' : `${takes.length} values`}`, at);
  return {
    kind: 'call',
    type: gives,
    name: known,
    given: given.map((one, index) => typed(read(one, at), takes[index] ?? 'text', one, at)),
  };
}

function typed(
  one: Expression,
  wanted: ExpressionType,
  syntax: Syntax | null | undefined,
  at: number,
): Expression {
  if (one.type === wanted) return one;
  throw new Refusal(`this is ${a(one.type)}, where ${a(wanted)} is needed`, placeOf(syntax) ?? at);
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
