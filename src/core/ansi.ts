/**
 * What an SGR sequence (ECMA-48 8.3.117, xterm's 256 and direct colours) makes of text.
 * A colour is an index of the 16 themed colours, or a CSS colour.
 */
export interface Style {
  readonly foreground: number | string | null;
  readonly background: number | string | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly inverse: boolean;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export const PLAIN: Style = {
  foreground: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
};

/**
 * One line of output as spans. `\r` overwrites from the line's start and `ESC[K` erases to its end, as a terminal
 * does, so that a progress bar shows its last state. Every other control sequence is dropped. Colours do not carry
 * over from the line before: any line can be shown without reading those above it.
 */
export function parseLine(line: string): readonly Span[] {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (!/[\u0000-\u0008\u000b-\u001f\u007f\u009b]/.test(text))
    return text === '' ? [] : [{ text, style: PLAIN }];
  return /[\r\b]|\u001b\[\d*[GK]/.test(text) ? overwrite(text) : join(tokens(text));
}

/** Characters of one line that are shown; the rest is named and can be downloaded. */
export const SHOWN_CHARACTERS = 4_000;

/** The line's text as shown: without control sequences. */
export function plainText(line: string): string {
  return parseLine(line)
    .map((span) => span.text)
    .join('');
}

type Token =
  | { readonly kind: 'text'; readonly text: string; readonly style: Style }
  | { readonly kind: 'return' }
  | { readonly kind: 'backspace' }
  | { readonly kind: 'column'; readonly column: number }
  | { readonly kind: 'erase'; readonly mode: number };

const SEQUENCE =
  // CSI … final byte | OSC … BEL or ST | two-character escapes | single controls
  new RegExp(
    '(?:\\u001b\\[|\\u009b)([0-?]*)[ -/]*([@-~])|\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?|\\u001b[ -/]*[0-~]|([\\u0000-\\u0008\\u000a-\\u001f\\u007f])',
    'g',
  );

function* tokens(text: string): Generator<Token> {
  let style = PLAIN;
  let at = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    if (match.index > at) yield { kind: 'text', text: text.slice(at, match.index), style };
    at = match.index + match[0].length;
    const [, parameters, final, control] = match;
    if (final === 'm') style = applySgr(style, parameters ?? '');
    else if (final === 'K') yield { kind: 'erase', mode: Number(parameters) || 0 };
    else if (final === 'G') yield { kind: 'column', column: Math.max(1, Number(parameters) || 1) - 1 };
    else if (control === '\r') yield { kind: 'return' };
    else if (control === '\b') yield { kind: 'backspace' };
  }
  if (at < text.length) yield { kind: 'text', text: text.slice(at), style };
}

function join(parts: Iterable<Token>): readonly Span[] {
  const spans: Span[] = [];
  for (const part of parts) {
    if (part.kind !== 'text') continue;
    const last = spans.at(-1);
    if (last !== undefined && last.style === part.style)
      spans[spans.length - 1] = { text: last.text + part.text, style: part.style };
    else spans.push({ text: part.text, style: part.style });
  }
  return spans;
}

/** Columns beyond this are not addressed: a few bytes cannot make whoever shows them go through many more. */
const WIDEST = 1_000;

function overwrite(text: string): readonly Span[] {
  const cells: { character: string; style: Style }[] = [];
  let column = 0;
  for (const token of tokens(text)) {
    if (token.kind === 'return') column = 0;
    else if (token.kind === 'backspace') column = Math.max(0, column - 1);
    else if (token.kind === 'column') column = Math.min(token.column, WIDEST);
    else if (token.kind === 'erase') erase(cells, token.mode, column);
    else {
      for (const character of token.text) {
        while (cells.length < column) cells.push({ character: ' ', style: PLAIN });
        cells[column] = { character, style: token.style };
        column += 1;
      }
    }
  }
  return join(cells.map((cell): Token => ({ kind: 'text', text: cell.character, style: cell.style })));
}

function erase(cells: { character: string; style: Style }[], mode: number, column: number): void {
  if (mode === 0) cells.length = Math.min(cells.length, column);
  else if (mode === 2) cells.length = 0;
  else for (let i = 0; i <= column && i < cells.length; i++) cells[i] = { character: ' ', style: PLAIN };
}

function applySgr(style: Style, parameters: string): Style {
  const codes = withoutColons(parameters)
    .split(';')
    .map((word) => Number(word) || 0);
  let next: Style = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extendedColour(codes, i + 1);
      if (colour !== null)
        next = code === 38 ? { ...next, foreground: colour } : { ...next, background: colour };
      i += used;
    } else next = simpleSgr(next, code);
  }
  return next;
}

/** ISO 8613-6 writes `38:2::r:g:b` and `4:3` (a kind of underline) where xterm's older form has semicolons. */
function withoutColons(parameters: string): string {
  return parameters
    .replace(/\b([34]8):2:\d*:(\d+):(\d+):(\d+)/g, '$1;2;$2;$3;$4')
    .replace(/\b([34]8):2:(\d+):(\d+):(\d+)/g, '$1;2;$2;$3;$4')
    .replace(/\b([34]8):5:(\d+)/g, '$1;5;$2')
    .replace(/\b4:0/g, '24')
    .replace(/\b(\d+):[\d:]*/g, '$1');
}

function simpleSgr(style: Style, code: number): Style {
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 90 + 8 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 100 + 8 };
  const change = SIMPLE[code];
  return change === undefined ? style : { ...style, ...change };
}

const SIMPLE: Readonly<Record<number, Partial<Style>>> = {
  0: PLAIN,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { foreground: null },
  49: { background: null },
};

/** The colour after 38 or 48 and how many parameters it took. */
function extendedColour(codes: readonly number[], at: number): [number | string | null, number] {
  if (codes[at] === 5) return [paletteColour(codes[at + 1] ?? 0), 2];
  if (codes[at] === 2) {
    const [red, green, blue] = [codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0].map((part) =>
      Math.min(255, part),
    );
    return [`rgb(${red ?? 0} ${green ?? 0} ${blue ?? 0})`, 4];
  }
  return [null, 1];
}

/** xterm's palette: 16 themed colours, a 6×6×6 cube, 24 greys. */
function paletteColour(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) {
    const grey = 8 + (Math.min(index, 255) - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const cube = index - 16;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}
