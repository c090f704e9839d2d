/** What an expression comes to; known before any value is. */
export type ExpressionType = 'text' | 'number' | 'truth' | 'list of text';

/** A checked expression: it ends for any values, and nothing in it can be of a wrong type. */
export type Expression =
  | {
      readonly kind: 'literal';
      readonly type: ExpressionType;
      readonly value: string | number | boolean;
    }
  | { readonly kind: 'variable'; readonly type: 'text'; readonly name: string; readonly at: number }
  | { readonly kind: 'list'; readonly type: 'list of text'; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly type: 'truth'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly type: 'truth';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'matches';
      readonly type: 'truth';
      readonly left: Expression;
      readonly pattern: string;
      readonly at: number;
    }
  | {
      readonly kind: 'choice';
      readonly type: ExpressionType;
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | {
      readonly kind: 'call';
      readonly type: ExpressionType;
      readonly name: FunctionName;
      readonly given: readonly Expression[];
    };

export type BinaryOperator = (typeof BINARY_OPERATORS)[number];
export const BINARY_OPERATORS = [
  '&&',
  '||',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'contains',
  'startsWith',
  'endsWith',
] as const;

/** What each function takes and gives. */
export const FUNCTIONS = {
  len: { takes: ['text'], gives: 'number' },
  lower: { takes: ['text'], gives: 'text' },
  upper: { takes: ['text'], gives: 'text' },
  trim: { takes: ['text'], gives: 'text' },
  split: { takes: ['text', 'text'], gives: 'list of text' },
} as const satisfies Readonly<
  Record<string, { readonly takes: readonly ExpressionType[]; readonly gives: ExpressionType }>
>;
export type FunctionName = keyof typeof FUNCTIONS;

/** Every part of it, itself first. */
export function* partsOf(expression: Expression): Generator<Expression> {
  yield expression;
  for (const child of childrenOf(expression)) yield* partsOf(child);
}

function childrenOf(one: Expression): readonly Expression[] {
  switch (one.kind) {
    case 'literal':
    case 'variable':
      return [];
    case 'list':
      return one.items;
    case 'not':
      return [one.of];
    case 'binary':
      return [one.left, one.right];
    case 'matches':
      return [one.left];
    case 'choice':
      return [one.test, one.yes, one.no];
    case 'call':
      return one.given;
  }
}
