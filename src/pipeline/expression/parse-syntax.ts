import jsep from 'jsep';

/** A node of the library, with where it begins as far as it has a word of its own. */
export type Syntax = jsep.Expression & { readonly at?: number };

/** What cannot be read: why, and where in the text. */
export interface WrongSyntax {
  readonly cause: string;
  readonly at: number;
}

export type ParsedSyntax =
  { readonly syntax: Syntax; readonly wrong: null } | { readonly syntax: null; readonly wrong: WrongSyntax };

/** Precedence of each operator, as expr-lang has it ("Language Definition" of its documentation). */
const PRECEDENCE: Readonly<Record<string, number>> = { '||': 10, or: 10, '&&': 15, and: 15 };
const COMPARING = ['==', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'startsWith', 'endsWith', 'matches'];
const WORDS = ['in', 'contains', 'startsWith', 'endsWith', 'matches'];

// The library keeps its language in one place for the whole process, and nobody else uses it.
jsep.removeAllUnaryOps();
jsep.removeAllBinaryOps();
jsep.removeAllLiterals();
for (const operator of ['!', 'not']) jsep.addUnaryOp(operator);
for (const [operator, precedence] of Object.entries(PRECEDENCE)) jsep.addBinaryOp(operator, precedence);
for (const operator of COMPARING) jsep.addBinaryOp(operator, 20);
for (const operator of WORDS) jsep.addBinaryOp(`not ${operator}`, 20);
jsep.hooks.add('gobble-token', function (env) {
  const { expr, index } = this;
  const quote = /["'`]/.exec(this.char)?.[0];
  if (quote !== undefined) {
    const { value, end } = readText(expr, index, (cause, at) => {
      this.index = at;
      this.throwError(cause);
    });
    this.index = end;
    env.node = { type: 'Literal', value, raw: expr.slice(index, end), at: index };
    return;
  }
  const [number] = NUMBER.exec(expr.slice(index, index + 256)) ?? [];
  if (number !== undefined) {
    this.index += number.length;
    env.node = { type: 'Literal', value: Number(number), raw: number, at: index };
    return;
  }
  const [name] = NAME.exec(expr.slice(index, index + 256)) ?? [];
  if (name === undefined || name === 'not') return;
  this.index += name.length;
  env.node = this.gobbleTokenProperty({ type: 'Identifier', name, at: index });
});

const NAME = /^[A-Za-z_]\w*/;
const NUMBER = /^\d+(?:\.\d+)?(?![\w.])/;

/** The syntax of a text that is no longer than an expression may be. Never throws. */
export function parseSyntax(text: string): ParsedSyntax {
  const unread = findUnread(text);
  if (unread !== null) return { syntax: null, wrong: unread };
  try {
    const syntax = jsep(text) as Syntax;
    return { syntax, wrong: null };
  } catch (error) {
    if (error instanceof RangeError)
      return { syntax: null, wrong: { cause: 'it is nested too deep', at: 0 } };
    const { description, index } = error as { readonly description?: string; readonly index?: number };
    if (description === undefined || index === undefined) throw error;
    return { syntax: null, wrong: { cause: plain(description), at: Math.min(index, text.length) } };
  }
}

/** The library's words, as ours are: `Unexpected "x"` → `unexpected "x"`. */
const plain = (description: string): string =>
  description
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase())
    .replace('unaryOp argument', 'what follows `not`');

const MOST_LEVELS = 32;

const TOKENS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[A-Za-z_]\w*|\S/g;

/**
 * What the library would take: commas and semicolons anywhere, and brackets and negations as deep as they go, for which it
 * calls itself.
 */
function findUnread(text: string): WrongSyntax | null {
  const open: string[] = [];
  let [before, prefixes] = ['', 0];
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    const isCall = /^\w/.test(before) && !OPERATOR_WORDS.has(before);
    if (/^[([{]$/.test(token)) open.push(token === '(' && isCall ? 'call' : token);
    else if (/^[)\]}]$/.test(token)) open.pop();
    else if (/^(?:!|not|\?)$/.test(token)) prefixes++;
    const inList = ['[', 'call'].includes(open.at(-1) ?? '');
    if (token === ';' || (token === ',' && !inList)) return { cause: `unexpected "${token}"`, at: index };
    if (open.length > MOST_LEVELS || prefixes > MOST_LEVELS * 2)
      return { cause: 'it is nested too deep', at: index };
    before = token;
  }
  return null;
}

const OPERATOR_WORDS = new Set(['and', 'or', 'not', ...WORDS]);

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** A text in quotes, with expr-lang's escapes; in backquotes as it stands. */
function readText(
  text: string,
  start: number,
  refuse: (cause: string, at: number) => void,
): { readonly value: string; readonly end: number } {
  const quote = text.charAt(start);
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === quote) return { value, end: at + 1 };
    if (character !== '\\' || quote === '`') {
      value += character;
      continue;
    }
    const letter = text.charAt(++at);
    const [code, digits] = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/.exec(text.slice(at)) ?? [];
    if (code !== undefined) {
      value += String.fromCharCode(Number.parseInt(digits ?? code.slice(1), 16));
      at += code.length - 1;
    } else if (Object.hasOwn(ESCAPES, letter)) value += ESCAPES[letter];
    else refuse(`\`\\${letter}\` is no escape; a \`\\\` of the text is written \`\\\\\``, at - 1);
  }
  refuse('a text has no end', start);
  return { value, end: text.length };
}
