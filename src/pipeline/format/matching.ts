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

/** A value of which a part may be a variable. */
const TEMPLATE = /^(?! )(?=.*[$])[^\p{Cc}\p{Cf}]{1,512}(?<! )$/u;

/** The same, or a text of one line with a `$`. */
export function withVariables(format: Format<string>): Format<string> {
  const pattern = String(format.json.pattern).replace(/^\^|\$$/g, '');
  return {
    ...format,
    parse: (text) => format.parse(text) ?? (TEMPLATE.test(text) ? text : null),
    json: { ...format.json, pattern: `^(?:${pattern}|${TEMPLATE.source.slice(1, -1)})$` },
  };
}
