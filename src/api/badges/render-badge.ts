import type { Status } from '../../core/status.ts';

/** What a badge says of a status; null: there is no build. */
export interface BadgeWords {
  readonly text: string;
  readonly color: string;
}

const GREY = '#57606a';
const WORDS: Readonly<Record<Status, BadgeWords>> = {
  success: { text: 'passing', color: '#1a7f37' },
  failure: { text: 'failing', color: '#cf222e' },
  error: { text: 'error', color: '#bc4c00' },
  running: { text: 'running', color: '#0969da' },
  pending: { text: 'waiting', color: GREY },
  blocked: { text: 'waits for a person', color: '#9a6700' },
  cancelled: { text: 'cancelled', color: GREY },
  skipped: { text: 'skipped', color: GREY },
};

export function badgeWords(status: Status | null): BadgeWords {
  return status === null ? { text: 'no build', color: GREY } : WORDS[status];
}

const LABEL = 'build';
/** Of 11 px Verdana, nearly; `textLength` makes the text as wide as its box expects in any font. */
const NARROW_PX = 3.9;
const CHARACTER_PX = 6.8;
const PADDING_PX = 6;

/** The badge as SVG, 20 px high; its words are the only text in it. */
export function renderBadge({ text, color }: BadgeWords): string {
  const [left, right] = [widthOf(LABEL), widthOf(text)];
  const width = left + right;
  const word = (x: number, wide: number, what: string): string =>
    `<text x="${x + PADDING_PX}" y="14" textLength="${wide - 2 * PADDING_PX}" lengthAdjust="spacingAndGlyphs">${what}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${LABEL}: ${text}">`,
    `<title>${LABEL}: ${text}</title>`,
    `<clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#24292f"/>`,
    `<rect x="${left}" width="${right}" height="20" fill="${color}"/></g>`,
    `<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">`,
    `${word(0, left, LABEL)}${word(left, right, text)}</g></svg>\n`,
  ].join('');
}

function widthOf(text: string): number {
  const narrow = text.match(/[ filrt]/g)?.length ?? 0;
  return Math.round(narrow * NARROW_PX + (text.length - narrow) * CHARACTER_PX) + 2 * PADDING_PX;
}
