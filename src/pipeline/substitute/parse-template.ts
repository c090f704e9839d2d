import type { Operation, ParsedTemplate, Part, Template, Variable } from './template.ts';

const MOST_LEVELS = 10;

/**
 * Reads the shell's parameter forms in a value (POSIX 2.6.2, and bash's substrings, replacements and capitals). `$$` is
 * one `$`; a `$` before anything but `{` is itself. Quotes are characters like others; in words `\` takes away the
 * meaning of `$`, `}` and `\`, in patterns that of any character. Linear in time.
 */
export function parseTemplate(text: string): ParsedTemplate {
  if (!text.includes('$')) return { template: [text], wrong: null };
  const reader = createReader(text);
  try {
    return { template: reader.parts('', 'value', 0), wrong: null };
  } catch (error) {
    if (!(error instanceof WrongForm)) throw error;
    const source = text.slice(error.start, Math.min(text.length, error.start + 40));
    return { template: null, wrong: { source, cause: error.message } };
  }
}

class WrongForm extends Error {
  readonly start: number;
  constructor(start: number, cause: string) {
    super(cause);
    this.start = start;
  }
}

/** Where text stands decides what `\` does in it: nothing in a value. */
type Place = 'value' | 'word' | 'pattern';

function createReader(text: string) {
  let at = 0;
  const begins = (what: string) => text.startsWith(what, at);
  const take = (what: string): boolean => {
    if (!begins(what)) return false;
    at += what.length;
    return true;
  };
  const takeOne = (...options: readonly string[]): string | null => options.find(take) ?? null;
  const takeMatch = (sticky: RegExp): string => {
    sticky.lastIndex = at;
    const [found = ''] = sticky.exec(text) ?? [];
    at += found.length;
    return found;
  };

  /** Up to one of `ends`, which stays, or to the end of the text where there is none. */
  function parts(ends: string, place: Place, level: number): Template {
    const found: Part[] = [];
    let plain = '';
    while (at < text.length && !(ends !== '' && ends.includes(text.charAt(at)))) {
      if (take('$$')) plain += place === 'pattern' ? '\\$' : '$';
      else if (begins('${')) {
        if (plain !== '') found.push(plain);
        plain = '';
        found.push(variable(level));
      } else if (place !== 'value' && begins('\\') && at + 1 < text.length) plain += escaped(place);
      else plain += text.charAt(at++);
    }
    if (plain !== '') found.push(plain);
    return found;
  }

  function escaped(place: Place): string {
    const [next = ''] = text.slice(at + 1, at + 3);
    at += 1 + next.length;
    return place === 'word' && ['$', '}', '\\'].includes(next) ? next : `\\${next}`;
  }

  function variable(level: number): Variable {
    const start = at;
    if (level >= MOST_LEVELS) throw new WrongForm(start, `it has more levels than ${MOST_LEVELS}`);
    at += 2;
    const isLength = take('#');
    if (begins('!')) throw new WrongForm(start, '`!` cannot be used: no name is taken from a variable');
    const name = takeMatch(/[A-Za-z_][A-Za-z0-9_]{0,99}/y);
    if (name === '') throw new WrongForm(start, 'the name of a variable is missing');
    const operation: Operation = isLength ? { kind: 'length' } : operationAt(start, level);
    if (!take('}'))
      throw new WrongForm(start, at < text.length ? 'there is no such form' : 'its `}` is missing');
    return { name, source: text.slice(start, at), operation };
  }

  function operationAt(start: number, level: number): Operation {
    const inner = (ends: string, place: Place) => parts(ends, place, level + 1);
    const test = takeOne(':-', ':=', ':?', ':+', '-', '=', '?', '+');
    if (test !== null)
      return {
        kind: TESTS[test.slice(-1)] ?? 'default',
        emptyToo: test.length > 1,
        word: inner('}', 'word'),
      };
    if (take(':')) return slice(start);
    const trim = takeOne('##', '#', '%%', '%');
    if (trim !== null)
      return {
        kind: 'trim',
        side: trim.startsWith('#') ? 'start' : 'end',
        longest: trim.length > 1,
        pattern: inner('}', 'pattern'),
      };
    const replace = takeOne('//', '/#', '/%', '/');
    if (replace !== null) {
      const pattern = inner('/}', 'pattern');
      return {
        kind: 'replace',
        where: PLACES[replace] ?? 'first',
        pattern,
        by: take('/') ? inner('}', 'word') : [],
      };
    }
    const capitals = takeOne('^^', '^', ',,', ',');
    if (capitals === null) return { kind: 'value' };
    const pattern = inner('}', 'pattern');
    return {
      kind: 'case',
      to: capitals.startsWith('^') ? 'upper' : 'lower',
      all: capitals.length > 1,
      pattern: pattern.length === 0 ? null : pattern,
    };
  }

  function slice(start: number): Operation {
    const from = takeMatch(/ *(?:-?\d{1,9})?(?= *[:}])/y);
    takeMatch(/ */y);
    const hasLength = take(':');
    const length = hasLength ? takeMatch(/ *-?\d{1,9}(?= *\})/y) : '';
    takeMatch(/ */y);
    if ((from.trim() === '' && !hasLength) || (hasLength && length === ''))
      throw new WrongForm(start, 'after `:` comes a place and perhaps a length, both whole numbers');
    return { kind: 'slice', from: Number(from), length: hasLength ? Number(length) : null };
  }

  return { parts };
}

const TESTS: Readonly<Record<string, 'default' | 'assign' | 'required' | 'alternative'>> = {
  '-': 'default',
  '=': 'assign',
  '?': 'required',
  '+': 'alternative',
};

const PLACES: Readonly<Record<string, 'first' | 'all' | 'start' | 'end'>> = {
  '//': 'all',
  '/#': 'start',
  '/%': 'end',
  '/': 'first',
};
