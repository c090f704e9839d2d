/**
 * What shells and their like print of a text that they quote: `set -x`, `set`, `export -p`, `typeset`, `printf %q`,
 * `${x@Q}`, `${(q)x}`, `string escape`. It is as it stands in a longer text: without the quotes at its ends, which may
 * be further away. Told from what these print: bash 5.2, dash 0.5.12, busybox 1.35, zsh 5.9, ksh93u+m, mksh 59, fish 3.6,
 * coreutils 9.1, Python's shlex, Ruby's Shellwords.
 */
export function shellForms(text: string): readonly string[] {
  if (/^[\w@+:./-]*$/.test(text)) return [];
  return [...new Set(STYLES.map((style) => write(text, style)))];
}

type Quotes = 'none' | 'single' | 'double' | 'dollar';
const OPENING: Readonly<Record<Quotes, string>> = { none: '', single: "'", double: '"', dollar: "$'" };
const CLOSING: Readonly<Record<Quotes, string>> = { none: '', single: "'", double: '"', dollar: "'" };

/** Part of a word as it is written: within which quotes, and which are opened behind it, whatever follows. */
interface Written {
  readonly text: string;
  readonly within: Quotes;
  readonly then?: Quotes;
}

/** A way to quote: what is `special` is written letter by letter, the rest as it is, within `quotes`. */
interface Style {
  readonly quotes: Quotes;
  readonly special: RegExp;
  readonly write: (letter: string, following: string) => Written;
}

function write(text: string, style: Style): string {
  const parts: Written[] = [];
  let at = 0;
  for (const { 0: letter, index } of text.matchAll(style.special)) {
    if (index > at) parts.push({ text: text.slice(at, index), within: style.quotes });
    at = index + letter.length;
    parts.push(style.write(letter, text.charAt(at)));
  }
  if (at < text.length) parts.push({ text: text.slice(at), within: style.quotes });
  return join(parts);
}

function join(parts: readonly Written[]): string {
  let text = '';
  let open = parts[0]?.within ?? 'none';
  const change = (to: Quotes): void => {
    if (to !== open) text += CLOSING[open] + OPENING[to];
    open = to;
  };
  for (const [n, part] of parts.entries()) {
    change(parts[n - 1]?.then ?? open);
    change(part.within);
    text += part.text;
  }
  return text;
}

/** Letters that a shell does not print as they are, by whether its locale has UTF-8. */
interface Locale {
  readonly hasUtf8: boolean;
  readonly unprinted: string;
}
const LOCALES: readonly Locale[] = [
  { hasUtf8: true, unprinted: String.raw`\p{Cc}\u2028\u2029` },
  { hasUtf8: false, unprinted: String.raw`\p{Cc}\u{80}-\u{10ffff}` },
];
const inLocales = (style: (locale: Locale) => Style): readonly Style[] => LOCALES.map(style);

const oneOf = (letters: string): RegExp => new RegExp(`[${letters}]`, 'gu');
const isAscii = (letter: string): boolean => letter < '\u0080';
const bytesOf = (letter: string): readonly number[] => [...Buffer.from(letter)];
const hex = (code: number | undefined, digits: number): string =>
  (code ?? 0).toString(16).padStart(digits, '0');
const octal = (letter: string): readonly string[] =>
  bytesOf(letter).map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);

const NAMED: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\t': String.raw`\t`,
  '\n': String.raw`\n`,
  '\v': String.raw`\v`,
  '\f': String.raw`\f`,
  '\r': String.raw`\r`,
};
const named = (letter: string): string => NAMED[letter] ?? octal(letter).join('');
const NAMED_BY_SHELLS: Readonly<Record<string, string>> = { ...NAMED, '\u001b': String.raw`\E` };

/** All in single quotes but those themselves. */
const single = (quote: Written): Style => ({ quotes: 'single', special: /'/g, write: () => quote });

/** `\` before what is special. */
const escaped = (special: RegExp, quotes: Quotes = 'none'): Style => ({
  quotes,
  special,
  write: (letter) => ({ text: `\\${letter}`, within: quotes }),
});

/** All in `$'…'`: what is `unprinted` as `control` has it, and `escaped` letters behind a `\`. */
const dollar = (
  unprinted: string,
  control: (letter: string, following: string) => string,
  escaped = /['\\]/,
): Style => ({
  quotes: 'dollar',
  special: oneOf(String.raw`'\\!${unprinted}`),
  write: (letter, following) => ({
    text: escaped.test(letter) ? `\\${letter}` : letter === '!' ? letter : control(letter, following),
    within: 'dollar',
  }),
});

/** zsh has 1 as `\C-A`, and 128 more with `\M-` before. */
function metaOf(code: number): string {
  if (code >= 128) return String.raw`\M-${metaOf(code - 128)}`;
  return code < 32 || code === 127
    ? String.raw`\C-${String.fromCharCode(code ^ 64)}`
    : String.fromCharCode(code);
}

function metaOfLetter(letter: string, { hasUtf8 }: Locale): string {
  const code = letter.codePointAt(0) ?? 0;
  if (letter === '\t' || letter === '\n') return NAMED[letter] ?? '';
  if (!hasUtf8) return bytesOf(letter).map(metaOf).join('');
  return code < 256 ? metaOf(code) : String.raw`\u${hex(code, 4)}`;
}

/** ksh has brackets around digits that others follow. */
function hexOfLetter(letter: string, following: string, { hasUtf8 }: Locale): string {
  if (letter !== '\v' && NAMED_BY_SHELLS[letter] !== undefined) return NAMED_BY_SHELLS[letter];
  if (hasUtf8 && !isAscii(letter)) return String.raw`\u[${hex(letter.codePointAt(0), 1)}]`;
  const bytes = bytesOf(letter).map((byte) => hex(byte, 2));
  const last = bytes.pop() ?? '';
  const isFollowed = /[0-9a-fA-F]/.test(following);
  return [...bytes, isFollowed ? `[${last}]` : last].map((digits) => String.raw`\x${digits}`).join('');
}

/** mksh knows letters of 16 bits. */
const UNPRINTED_BY_MKSH = String.raw`\p{Cc}\u{10000}-\u{10ffff}`;
const ofMksh = (letter: string): string =>
  letter === "'"
    ? String.raw`\047`
    : /^[\u0080-\u009f]$/.test(letter)
      ? String.raw`\u${hex(letter.charCodeAt(0), 4)}`
      : (NAMED_BY_SHELLS[letter] ?? named(letter));

function ofFish(letter: string): string {
  const name = /[\b\t\n\r]/.test(letter) ? NAMED[letter] : letter === '\u001b' ? String.raw`\e` : undefined;
  const code = letter.charCodeAt(0);
  return (
    name ?? (code < 27 ? String.raw`\c${String.fromCharCode(code + 96)}` : String.raw`\x${hex(code, 2)}`)
  );
}

const STYLES: readonly Style[] = [
  // bash, each by itself; zsh and mksh, those beside each other together.
  single({ text: String.raw`\'`, within: 'none', then: 'single' }),
  single({ text: String.raw`\'`, within: 'none' }),
  // Python, each by itself; dash and busybox, those beside each other together.
  single({ text: "'", within: 'double', then: 'single' }),
  single({ text: "'", within: 'double' }),
  // printf of coreutils and of mksh.
  ...inLocales(({ unprinted }) => ({
    quotes: 'single',
    special: oneOf(`'${unprinted}`),
    write: (letter) =>
      letter === "'"
        ? { text: String.raw`\'`, within: 'none', then: 'single' }
        : { text: named(letter), within: 'dollar' },
  })),
  // bash, ksh and mksh.
  escaped(/["$`\\]/g, 'double'),

  // bash.
  escaped(/[ !"$&'()*,;<>?[\\\]^`{|}]|(?<=[:=])~/g),
  // Perl.
  escaped(/[^\w@%+=:,./\n-]/gu),
  // Ruby.
  {
    quotes: 'none',
    special: /[^\w.,:+/@-]/gu,
    write: (letter) =>
      letter === '\n' ? { text: letter, within: 'single' } : { text: `\\${letter}`, within: 'none' },
  },
  // zsh: in its own quotes what is not printed, and each byte of it where there is no UTF-8.
  ...inLocales(({ unprinted, hasUtf8 }) => ({
    quotes: 'none',
    special: oneOf(`${String.raw` "#$&'()*;<>?\[\\\]^{|}`}\`${unprinted}`),
    write: (letter) =>
      /^[ -~]$/.test(letter)
        ? { text: `\\${letter}`, within: 'none' }
        : {
            text: NAMED[letter] ?? octal(letter).join(hasUtf8 ? '' : "'$'"),
            within: 'dollar',
            then: 'none',
          },
  })),
  // fish.
  {
    quotes: 'none',
    special: /[ "#$%&'()*;<>?[\\\]{|}~]|[\u0001-\u001f\u007f]/g,
    write: (letter) => ({
      text: letter < ' ' || letter > '~' ? ofFish(letter) : `\\${letter}`,
      within: 'none',
    }),
  },

  // bash.
  ...inLocales(({ unprinted }) => dollar(unprinted, (letter) => NAMED_BY_SHELLS[letter] ?? named(letter))),
  // zsh, by typeset and by (qqqq).
  ...inLocales((locale) => dollar(locale.unprinted, (letter) => metaOfLetter(letter, locale))),
  ...inLocales(({ unprinted }) => dollar(unprinted, named, /['\\!]/)),
  // ksh.
  ...inLocales((locale) =>
    dollar(locale.unprinted, (letter, following) => hexOfLetter(letter, following, locale)),
  ),
  dollar(UNPRINTED_BY_MKSH, ofMksh, /\\/),
];
