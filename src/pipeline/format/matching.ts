import type { Format } from '../shape/scalar.ts';

/** Every scalar is read as text; to an editor, `1.4` and `true` are something else. */
export const ANY_SCALAR = ['string', 'number', 'boolean'];

/** A schema holds a pattern against text only: other scalars are allowed where the pattern would let them through. */
export function matching(phrase: string, pattern: RegExp, fix?: string): Format<string> {
  const type = [
    'string',
    ...(pattern.test('7') ? ['number'] : []),
    ...(pattern.test('true') ? ['boolean'] : []),
  ];
  const json = { type: type.length === 1 ? 'string' : type, pattern: pattern.source };
  const parse = (text: string) => (pattern.test(text) ? text : null);
  return { phrase, blank: '', parse, json, ...(fix === undefined ? {} : { fix }) };
}

/** The same, with what matched made uniform. */
export function cleaned(format: Format<string>, clean: (text: string) => string): Format<string> {
  return {
    ...format,
    parse: (text) => {
      const parsed = format.parse(text);
      return parsed === null ? null : clean(parsed);
    },
  };
}
