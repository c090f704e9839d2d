import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import type { LintCode } from './lint-catalogue.ts';
import type { Details, Span } from './report.ts';

/** A file as text or bytes, or the size of one that was too large to be read at all. */
export type FileInput = string | Uint8Array | { readonly bytes: number | null };

/** The text of a file, without byte-order mark; `wrong` says why it cannot be read further. */
export interface Decoded {
  readonly text: string;
  readonly wrong: { readonly code: LintCode; readonly span: Span; readonly details: Details } | null;
}

/** Bytes or text to text: bounded in size, UTF-8, without control characters (YAML 1.2, 5.1). */
export function decode(input: FileInput): Decoded {
  const { bytes: limit } = PIPELINE_LIMITS;
  if (typeof input !== 'string' && !(input instanceof Uint8Array))
    return wrong('', 'file_too_large', 0, { bytes: input.bytes ?? 'too many', limit });
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;
  if (bytes > limit) return wrong('', 'file_too_large', 0, { bytes, limit });
  if (typeof input === 'string') return checkCharacters(input.replace(/^\uFEFF/, ''));
  if (isUtf16(input)) return wrong('', 'encoding_wrong', 0, { cause: 'it looks like UTF-16' });
  try {
    return checkCharacters(new TextDecoder('utf-8', { fatal: true }).decode(input));
  } catch {
    return atBadByte(input);
  }
}

function checkCharacters(text: string): Decoded {
  // eslint's no-control-regex is right elsewhere; here the control characters are the subject.
  const found = new RegExp(
    '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f\\ufffe\\uffff]|\\p{Surrogate}',
    'u',
  ).exec(text);
  if (found === null) return { text, wrong: null };
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return wrong(text, 'character_wrong', found.index, { character: `U+${code}` });
}

/** A byte-order mark of UTF-16, or ASCII with a zero beside each letter. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return false;
  const mark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return mark || (first === 0) !== (second === 0);
}

/** The lenient decoder puts U+FFFD for what is wrong; one that is in the file itself is valid. */
function atBadByte(bytes: Uint8Array): Decoded {
  const text = new TextDecoder('utf-8').decode(bytes);
  const lenient = Buffer.from(text);
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let same = 0;
  while (lenient[same] === bytes[same + start] && same < lenient.length) same++;
  const before = lenient
    .subarray(0, same)
    .toString()
    .replace(/\uFFFD$/, '');
  const byte = (bytes[same + start] ?? 0).toString(16).padStart(2, '0');
  return wrong(text, 'encoding_wrong', before.length, {
    cause: `byte 0x${byte} at ${same + start} begins no character`,
  });
}

function wrong(text: string, code: LintCode, offset: number, details: Details): Decoded {
  return { text, wrong: { code, span: { offset, length: 1 }, details } };
}
