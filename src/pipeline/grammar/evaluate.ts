import { isScalar } from 'yaml';
import type { Expression } from '../expression/expression.ts';
import { MOST_CHARACTERS, parseExpression } from '../expression/parse-expression.ts';
import { nodeSpan } from '../parse-yaml.ts';
import type { Span } from '../report.ts';
import type { Cursor } from '../shape/cursor.ts';
import { scalar, shorten } from '../shape/scalar.ts';
import type { Format } from '../shape/scalar.ts';
import type { Shape } from '../shape/shape.ts';

/** A condition as an expression, and where it stands. */
export interface EvaluateSpec {
  readonly expression: Expression;
  readonly path: string;
  /** Of the whole. */
  readonly span: Span;
  /** Where a place of the expression, in characters from its begin, stands in the file, as far as that can be said. */
  readonly spanAt: (at: number) => Span;
}

const NEVER: Expression = { kind: 'literal', type: 'truth', value: false };
const BLANK: EvaluateSpec = {
  expression: NEVER,
  path: '',
  span: { offset: 0, length: 1 },
  spanAt: () => ({ offset: 0, length: 1 }),
};

const expressionText: Format<string> = {
  phrase: 'an expression such as `CI_COMMIT_AUTHOR != "bot"`',
  blank: '',
  parse: (text) => text,
  json: { type: ['string', 'boolean'], maxLength: MOST_CHARACTERS },
};
const text = scalar(expressionText);

export const evaluate: Shape<EvaluateSpec> = {
  phrase: text.phrase,
  blank: BLANK,
  schema: (definitions) => text.schema(definitions),
  read: (cursor) => {
    const written = text.read(cursor);
    if (!isScalar(cursor.node)) return BLANK;
    const spanAt = placesIn(cursor, written);
    const parsed = parseExpression(written);
    for (const { cause, at } of parsed.wrong === null ? [] : parsed.problems)
      cursor.report(
        'expression_wrong',
        { text: shorten(written.slice(at)) || 'its end', cause: cause === '' ? 'it is empty' : cause },
        spanAt(at),
      );
    // Names and patterns of one with problems are looked at, too.
    const expression = parsed.expression ?? parsed.rest ?? NEVER;
    return { expression, path: cursor.path, span: cursor.span, spanAt };
  },
};

/** Of a text over several lines, or with escapes of YAML, only the whole has a place. */
function placesIn(cursor: Cursor, value: string): (at: number) => Span {
  const { node } = cursor;
  const whole = nodeSpan(node);
  const type = isScalar(node) ? node.type : undefined;
  const quotes = type === 'QUOTE_SINGLE' || type === 'QUOTE_DOUBLE' ? 1 : 0;
  const doubled = type === 'QUOTE_SINGLE' ? value.split("'").length - 1 : 0;
  const isOneLine = !value.includes('\n') && value.length + doubled + 2 * quotes === whole.length;
  if (!isOneLine || (type !== 'PLAIN' && quotes === 0)) return () => whole;
  return (at) => {
    const before = type === 'QUOTE_SINGLE' ? value.slice(0, at).split("'").length - 1 : 0;
    const offset = Math.min(quotes + at + before, Math.max(0, whole.length - 1));
    const [word = ''] = /^(?:\w+|[^\w\s])?/.exec(value.slice(at)) ?? [];
    return { offset: whole.offset + offset, length: Math.max(1, word.length) };
  };
}
