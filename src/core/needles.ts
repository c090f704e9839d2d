import { shellForms } from './shell-forms.ts';

/** Shorter values are refused as secrets: masking them would mask everything. */
export const SHORTEST_SECRET = 4;
/** A line of a multi-line secret is masked by itself from this length on, so that no `{` of a JSON key becomes a mask. */
export const SHORTEST_LINE = 8;

/**
 * The byte strings that give a secret away: the value, its lines when it has several, and each of them as base64
 * (at any of the three alignments, both alphabets, wrapped or not), percent-encoded, JSON-escaped and shell-quoted.
 * None is shorter than 4 bytes.
 */
export function needlesOf(secret: string): Buffer[] {
  const needles = new Set<string>();
  for (const value of valuesOf(secret))
    for (const form of formsOf(value)) needles.add(form.toString('latin1'));
  return [...needles]
    .filter((needle) => needle.length >= SHORTEST_SECRET)
    .map((needle) => Buffer.from(needle, 'latin1'));
}

/** The value, with either end of lines, and its long lines; none of one that is too short to be masked. */
function valuesOf(secret: string): readonly string[] {
  const whole = secret.replace(/^[\r\n]+|[\r\n]+$/g, '');
  if (Buffer.byteLength(whole) < SHORTEST_SECRET) return [];
  return [...new Set([...lineEndingsOf(whole), ...longLinesOf(whole)])];
}

/** Shorter ones would be found where the end of one line and the begin of the next are by chance what they are. */
const SHORTEST_WRAPPED = 6;

/**
 * Of the byte strings that give a secret away, those that programs break into lines anywhere: base64 of a longer text
 * (`user:secret`) is wrapped at 60, 64 or 76 columns, wherever the secret is in it.
 */
export function wrappedNeedlesOf(secret: string): Buffer[] {
  const needles = valuesOf(secret).flatMap((value) => base64Of(Buffer.from(value)));
  return needles.filter((needle) => needle.length >= SHORTEST_WRAPPED);
}

/** A terminal turns `\n` into `\r\n`, an editor on another system did so before. */
function lineEndingsOf(value: string): string[] {
  const unix = value.replaceAll('\r\n', '\n');
  return [value, unix, unix.replaceAll('\n', '\r\n')];
}

function longLinesOf(value: string): string[] {
  if (!value.includes('\n')) return [];
  return value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => Buffer.byteLength(line) >= SHORTEST_LINE);
}

function formsOf(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  return [
    bytes,
    ...base64Of(bytes),
    ...[64, 76]
      .flatMap((width) => piecesOf(bytes.toString('base64'), width))
      .map((piece) => Buffer.from(piece)),
    ...[...percentOf(value), ...jsonOf(value), ...shellForms(value)].map((form) => Buffer.from(form)),
  ];
}

/**
 * The characters of base64 that depend on `bytes` alone, for each position that they may have in a longer text
 * (`user:secret`): the characters at the ends that share bits with their neighbours are left out.
 */
function base64Of(bytes: Buffer): Buffer[] {
  const forms = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(from, to);
  });
  const urlSafe = forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...forms, ...urlSafe].map((form) => Buffer.from(form));
}

/** The lines that `base64` and `openssl` break a long value into; the last one only when it is telling. */
function piecesOf(text: string, width: number): string[] {
  if (text.length <= width) return [];
  const pieces = text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return pieces.map((piece) => piece.replace(/=+$/, '')).filter((piece) => piece.length >= SHORTEST_LINE);
}

/**
 * What encoders leave as it is beside letters, digits, `-`, `_` and `.`: RFC 3986; JavaScript's encodeURIComponent and
 * encodeURI; forms (WHATWG URL, Java); PHP's urlencode; Python's quote.
 */
const KEPT_BY_ENCODERS = ['~', "!'()*~", ";,/?:@&=+$#!'()*~", '*', '', '~/'];

function percentOf(value: string): string[] {
  // A lone surrogate has no UTF-8; Buffer.from writes U+FFFD for it, as does toWellFormed.
  const all = encodeURIComponent(value.toWellFormed()).replace(/[!'()*~]/g, (letter) => percent(letter));
  const forms = KEPT_BY_ENCODERS.map((kept) =>
    [...kept].reduce((text, letter) => text.replaceAll(percent(letter), letter), all),
  );
  const spaced = [...forms, ...forms.map((form) => form.replaceAll('%20', '+'))];
  return [...spaced, ...spaced.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

const percent = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;

function jsonOf(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const ascii = plain.replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [plain, ascii].flatMap((form) => [form, form.replaceAll('/', '\\/')]);
}
