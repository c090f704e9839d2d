import type { Random } from '../random.ts';
import { readShell, SHELL_WRITERS } from './shell-words.ts';

/** A way in which programs write a value, and how one who reads the log would get it back. */
export interface Encoding {
  readonly name: string;
  /** The value as it may stand in a longer text. */
  readonly write: (value: string, random: Random) => string;
  /** What the text says to one who knows the encoding; several readings where its beginning is not known. */
  readonly read: (text: string) => readonly string[];
}

/** Of nothing of the product: what a redactor must know is written here a second time, from the formats themselves. */
export const ENCODINGS: readonly Encoding[] = [
  { name: 'raw', write: (value) => value, read: (text) => [text] },
  {
    name: 'with CRLF',
    write: (value) => value.replaceAll('\n', '\r\n'),
    read: (text) => [text.replaceAll('\r\n', '\n')],
  },
  { name: 'base64', write: (value, random) => base64(value, random), read: readBase64 },
  {
    name: 'base64url',
    write: (value, random) =>
      base64(value, random).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    read: (text) => readBase64(text.replaceAll('-', '+').replaceAll('_', '/')),
  },
  {
    name: 'base64 in lines of 76',
    write: (value) =>
      Buffer.from(value)
        .toString('base64')
        .replace(/.{76}(?=.)/g, '$&\n'),
    read: readBase64,
  },
  {
    name: 'base64 in lines of 64',
    write: (value) =>
      Buffer.from(value)
        .toString('base64')
        .replace(/.{64}(?=.)/g, '$&\n'),
    read: readBase64,
  },
  {
    name: 'base64 of a longer text, in lines',
    write: (value, random) => {
      const [before, after, width] = [
        random.between(0, 90),
        random.between(0, 90),
        [60, 64, 76][random.between(0, 3)],
      ];
      return Buffer.from(`${'u'.repeat(before)}${value}${'v'.repeat(after)}`)
        .toString('base64')
        .replace(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n');
    },
    read: readBase64,
  },
  { name: 'URL', write: (value) => encodeURIComponent(value), read: readPercent },
  {
    name: 'form',
    write: (value) => new URLSearchParams({ v: value }).toString().slice(2),
    read: (text) => readPercent(text.replaceAll('+', ' ')),
  },
  {
    name: 'URL as Python quotes',
    write: (value) => percentAllBut(value, /[A-Za-z0-9_.~/-]/),
    read: readPercent,
  },
  { name: 'URL by RFC 3986', write: (value) => percentAllBut(value, /[A-Za-z0-9_.~-]/), read: readPercent },
  { name: 'URI', write: (value) => encodeURI(value), read: readPercent },
  {
    name: 'URL in small letters',
    write: (value) => encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
    read: readPercent,
  },
  { name: 'JSON', write: (value) => JSON.stringify(value), read: readJson },
  {
    name: 'JSON in ASCII',
    write: (value) => JSON.stringify(value).replace(/[^ -~]/g, (letter) => `\\u${hex(letter)}`),
    read: readJson,
  },
  ...Object.entries(SHELL_WRITERS).map(([name, write]) => ({ name, write, read: readShell })),
];

function base64(value: string, random: Random): string {
  const noise = (): string => 'user:'.slice(0, random.between(0, 6));
  return Buffer.from(`${noise()}${value}${noise()}`).toString('base64');
}

/** At each of the four places in which a group of four characters may begin. */
function readBase64(text: string): string[] {
  const runs = text.replaceAll('\n', '').match(/[A-Za-z0-9+/=]{4,}/g) ?? [];
  return runs.flatMap((run) =>
    [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('utf8')),
  );
}

function percentAllBut(value: string, kept: RegExp): string {
  const letters = [...value].map((letter) =>
    kept.test(letter) ? letter : Buffer.from(letter).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
  return letters.join('');
}

function readPercent(text: string): string[] {
  const bytes: Buffer[] = [];
  for (const part of text.match(/%[0-9a-fA-F]{2}|[^%]+|%/g) ?? [])
    bytes.push(/^%[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part));
  return [Buffer.concat(bytes).toString('utf8')];
}

function readJson(text: string): string[] {
  const plain: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
  return [
    text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) =>
      code.length === 5 ? String.fromCharCode(parseInt(code.slice(1), 16)) : (plain[code] ?? code),
    ),
  ];
}

const hex = (letter: string): string => letter.charCodeAt(0).toString(16).padStart(4, '0');
