import { needlesOf } from './needles.ts';

/** Takes secrets out of lines of a process's own log, whose words come from others too: errors quote what failed. */
export interface LineMask {
  /**
   * From now on these are masked, in every form in which they are in the log of a step, but not in base64 of a longer
   * text that is broken into lines.
   */
  readonly add: (secrets: readonly string[]) => void;
  /** Masks what is in strings: a number is left as it is. @param line JSON, as a logger writes it. */
  readonly mask: (line: string) => string;
}

/**
 * Of what {@link LineMask.add} was given that is kept which came last, as far as its forms take no more than this: 28,000
 * tokens, 8,000 passwords with quotes in them, or 140 keys of 25 lines. A server opens the same ones again and again.
 */
const MOST_BYTES = 32 * 1024 ** 2;
/** What one form takes beside its letters. */
const FORM_BYTES = 250;
const MASK = '********';

/** @param always Masked for ever. */
export function createLineMask(always: readonly string[] = [], mostBytes = MOST_BYTES): LineMask {
  const index = new FormIndex();
  const formsBySecret = new Map<string, readonly string[]>();
  let bytes = 0;
  const forget = (secret: string): void => {
    const forms = formsBySecret.get(secret) ?? [];
    formsBySecret.delete(secret);
    bytes -= bytesOf(forms);
    for (const form of forms) index.remove(form);
  };
  for (const form of always.flatMap(formsOf)) index.add(form);
  return {
    add: (secrets) => {
      for (const secret of secrets) {
        const known = formsBySecret.get(secret);
        const forms = known ?? formsOf(secret);
        formsBySecret.delete(secret);
        formsBySecret.set(secret, forms);
        if (known !== undefined) continue;
        for (const form of forms) index.add(form);
        bytes += bytesOf(forms);
        for (const oldest of formsBySecret.keys()) {
          if (bytes <= mostBytes || oldest === secret) break;
          forget(oldest);
        }
      }
    },
    mask: (line) => {
      const text = Buffer.from(line).toString('latin1');
      const found = index.find(text);
      return found.length === 0 ? line : Buffer.from(masked(text, found), 'latin1').toString();
    },
  };
}

const bytesOf = (forms: readonly string[]): number =>
  forms.reduce((sum, form) => sum + form.length + FORM_BYTES, 0);

/** As they stand in a string of JSON; here and below a letter is a byte. */
function formsOf(secret: string): readonly string[] {
  const forms = needlesOf(secret).map((needle) => JSON.stringify(needle.toString()).slice(1, -1));
  return [...new Set(forms)].map((form) => Buffer.from(form).toString('latin1'));
}

/**
 * Finds many forms at once, which come and go: an automaton would be made anew with each. A form is looked up by four
 * letters in its middle, for many begin alike: tokens of one host, keys.
 */
class FormIndex {
  readonly #byMiddle = new Map<number, Form[]>();

  add(text: string): void {
    const middle = middleOf(text);
    const forms = this.#byMiddle.get(middle) ?? [];
    const same = forms.find((form) => form.text === text);
    if (same === undefined) forms.push({ text, users: 1 });
    else same.users++;
    this.#byMiddle.set(middle, forms);
  }

  remove(text: string): void {
    const middle = middleOf(text);
    const forms = this.#byMiddle.get(middle) ?? [];
    const at = forms.findIndex((form) => form.text === text);
    const form = forms[at];
    if (form === undefined || --form.users > 0) return;
    forms.splice(at, 1);
    if (forms.length === 0) this.#byMiddle.delete(middle);
  }

  /** Places of all occurrences, in no order. */
  find(text: string): Place[] {
    const places: Place[] = [];
    let four = 0;
    for (let end = 1; end <= text.length; end++) {
      four = (four << 8) | text.charCodeAt(end - 1);
      if (end < MIDDLE) continue;
      for (const form of this.#byMiddle.get(four) ?? []) {
        const from = end - MIDDLE - middleAt(form.text);
        if (from >= 0 && text.startsWith(form.text, from)) places.push({ from, to: from + form.text.length });
      }
    }
    return places;
  }
}

interface Form {
  readonly text: string;
  users: number;
}

interface Place {
  readonly from: number;
  readonly to: number;
}

const MIDDLE = 4;
const middleAt = (text: string): number => (text.length - MIDDLE) >> 1;

function middleOf(text: string): number {
  const at = middleAt(text);
  return [0, 1, 2, 3].reduce((four, n) => (four << 8) | text.charCodeAt(at + n), 0);
}

/** What begins outside of strings, or within an escape (`\n` before `ame`), is left: the line would be no JSON any more. */
function masked(line: string, places: readonly Place[]): string {
  const letters = lettersOfStrings(line);
  let text = '';
  let end = 0;
  for (const { from, to } of places.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (!letters.has(from) || to <= end) continue;
    if (from > end || end === 0) text += line.slice(end, from) + MASK;
    end = to;
  }
  return text + line.slice(end);
}

/** Where letters of strings begin. */
function lettersOfStrings(line: string): ReadonlySet<number> {
  const letters = new Set<number>();
  for (const { index, 0: string } of line.matchAll(/"(?:[^"\\]|\\.)*"/g))
    for (const letter of string.slice(1, -1).matchAll(/\\u....|\\.|[^]/g))
      letters.add(index + 1 + letter.index);
  return letters;
}
