/** How shells write a word that needs quotes; told apart by what becomes of `'`, of controls and of what is not ASCII. */
export const SHELL_WRITERS: Readonly<Record<string, (value: string) => string>> = {
  'shell, in quotes': (value) => `'${value.replaceAll("'", `'\\''`)}'`,
  'shell, in quotes by zsh': (value) =>
    `'${value.replace(/'+/g, (run) => `'${run.replaceAll("'", "\\'")}'`)}'`,
  'shell, in quotes by Python': (value) => `'${value.replaceAll("'", `'"'"'`)}'`,
  'shell, in quotes by dash': (value) => `'${value.replace(/'+/g, `'"$&"'`)}'`,
  'shell, in double quotes': (value) => `"${value.replace(/["$`\\]/g, '\\$&')}"`,
  'shell, with backslashes': (value) =>
    /\p{Cc}/u.test(value)
      ? dollar(value, asBash)
      : value.replace(/[ !"$&-*,;<>?[-^`{-}]|(?<=[:=])~/g, '\\$&'),
  "shell, in $'…'": (value) => dollar(value, asBash),
  "shell, in $'…' without UTF-8": (value) => dollar(value, asBash, /[^ -~]/u),
  "shell, in $'…' by zsh": (value) =>
    dollar(value, (byte) => `\\C-${String.fromCharCode(byte ^ 64)}`, /[\0-\x1f\x7f]/),
  "shell, in $'…' by ksh without UTF-8": (value) =>
    dollar(
      value,
      (byte) => (byte === 27 ? '\\E' : `\\x[${byte.toString(16).padStart(2, '0')}]`),
      /[^ -~]/u,
    ).replace(/(?<=\\x)\[(..)\](?![0-9a-fA-F])/g, '$1'),
  'shell, by printf of coreutils': (value) => {
    const parts = value.match(/\p{Cc}+|'|[^\p{Cc}']+/gu) ?? [];
    const written = parts.map((part, n) => {
      if (part === "'") return `'\\''`;
      if (!/\p{Cc}/u.test(part)) return part;
      return `'$'${dollar(part, octal).slice(2, -1)}${["'", undefined].includes(parts[n + 1]) ? '' : "''"}`;
    });
    return `'${written.join('')}'`;
  },
};

const NAMES: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', "'": "'", '\\': '\\' };
const asBash = (byte: number): string => (byte === 27 ? '\\E' : octal(byte));
const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;

function dollar(value: string, writeByte: (byte: number) => string, special = /\p{Cc}/u): string {
  const letters = [...value].map((letter) => {
    if (NAMES[letter] !== undefined) return `\\${NAMES[letter]}`;
    return special.test(letter) ? [...Buffer.from(letter)].map(writeByte).join('') : letter;
  });
  return `$'${letters.join('')}'`;
}

type Quotes = keyof typeof STEPS;

/** What of a word comes next within quotes: what it stands for, or the quotes that it opens or closes. */
const STEPS = {
  none: /\\(?<as>.)|(?<single>')|(?<double>")|(?<dollar>\$')|(?<plain>.)/suy,
  single: /(?<none>')|(?<plain>.)/suy,
  double: /\\(?<as>["$`\\])|(?<none>")|(?<plain>.)/suy,
  dollar:
    /\\(?<octal>[0-7]{3})|\\x\[?(?<hex>[0-9a-f]{2})\]?|\\C-(?<control>.)|\\(?<name>[tnE])|\\(?<as>.)|(?<none>')|(?<plain>.)/suy,
};

/** What a text says to a shell, at each of the states in which it may be at its begin. */
export function readShell(text: string): string[] {
  return (Object.keys(STEPS) as Quotes[]).map((quotes) => readFrom(text, quotes));
}

function readFrom(text: string, begin: Quotes): string {
  const bytes: Buffer[] = [];
  let quotes = begin;
  for (let at = 0; at < text.length;) {
    const step = STEPS[quotes];
    step.lastIndex = at;
    const found = step.exec(text);
    const groups = found?.groups ?? {};
    at += found?.[0].length ?? 1;
    const change = (['none', 'single', 'double', 'dollar'] as const).find(
      (name) => groups[name] !== undefined,
    );
    if (change !== undefined) quotes = change;
    else bytes.push(bytesOf(groups));
  }
  return Buffer.concat(bytes).toString();
}

function bytesOf(groups: Readonly<Record<string, string | undefined>>): Buffer {
  const { octal: eight, hex, control, name, as, plain } = groups;
  if (eight !== undefined) return Buffer.from([parseInt(eight, 8)]);
  if (hex !== undefined) return Buffer.from([parseInt(hex, 16)]);
  if (control !== undefined) return Buffer.from([control.charCodeAt(0) ^ 64]);
  if (name !== undefined) return Buffer.from({ t: '\t', n: '\n' }[name] ?? '\u001b');
  return Buffer.from(as ?? plain ?? '');
}
