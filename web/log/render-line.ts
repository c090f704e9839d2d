import type { LogLine } from '../../src/core/log.ts';
import { parseLine, SHOWN_CHARACTERS, type Span, type Style } from '../../src/core/ansi.ts';
import { placesOf } from '../../src/core/log-search.ts';

interface MarkedSpan extends Span {
  readonly isWanted: boolean;
}

/** The spans, cut where the wanted text begins and ends, which may be in the midst of one, or several on. */
export function markWanted(spans: readonly Span[], wanted: string): readonly MarkedSpan[] {
  const places = placesOf(spans.map(({ text }) => text).join(''), wanted);
  const borders = places.flatMap((place) => [place, place + wanted.length]);
  const marked: MarkedSpan[] = [];
  let at = 0;
  let passed = 0;
  for (const { text, style } of spans) {
    const end = at + text.length;
    for (let from = at; from < end;) {
      while (passed < borders.length && (borders[passed] ?? end) <= from) passed += 1;
      const to = Math.min(end, borders[passed] ?? end);
      marked.push({ text: text.slice(from - at, to - at), style, isWanted: passed % 2 === 1 });
      from = to;
    }
    at = end;
  }
  return marked;
}

/**
 * Fills a row: number, time and text, with `wanted` marked where it is shown. Colours are set through the CSSOM, so that
 * a strict policy for styles holds.
 */
export function renderLine(row: HTMLElement, number: number, line: LogLine | undefined, wanted = ''): void {
  const label = document.createElement('a');
  label.className = 'log-number';
  label.href = `#L${number + 1}`;
  label.textContent = String(number + 1);
  label.ariaLabel = `Line ${number + 1}`;
  label.tabIndex = -1;
  const time = document.createElement('time');
  time.className = 'log-time';
  const text = document.createElement('span');
  text.className = 'log-text';
  if (line === undefined) row.dataset['stream'] = 'loading';
  else {
    row.dataset['stream'] = line.stream;
    time.textContent = new Date(line.timeMs).toISOString().slice(11, 23);
    appendText(text, line.text, wanted);
  }
  row.replaceChildren(label, time, text);
}

function appendText(parent: HTMLElement, text: string, wanted: string): void {
  const shown = text.length > SHOWN_CHARACTERS ? text.slice(0, SHOWN_CHARACTERS) : text;
  for (const { isWanted, ...span } of markWanted(parseLine(shown), wanted))
    parent.append(isWanted ? mark(renderSpan(span)) : renderSpan(span));
  if (shown.length === text.length) return;
  const more = document.createElement('span');
  more.className = 'log-more';
  more.textContent = ` … ${text.length - shown.length} more characters; download the log to see them`;
  parent.append(more);
}

function mark(node: Node): HTMLElement {
  const element = document.createElement('mark');
  element.append(node);
  return element;
}

function renderSpan(span: Span): Node {
  const classes = classesOf(span.style);
  const [foreground, background] = span.style.inverse
    ? [span.style.background, span.style.foreground]
    : [span.style.foreground, span.style.background];
  if (classes.length === 0 && foreground === null && background === null)
    return document.createTextNode(span.text);
  const element = document.createElement('span');
  element.textContent = span.text;
  classes.push(...paint(element, 'fg', foreground), ...paint(element, 'bg', background));
  element.className = classes.join(' ');
  return element;
}

/** A colour of the theme by its class; any other as a variable, which the style sheet makes readable. */
function paint(element: HTMLElement, ground: 'fg' | 'bg', colour: number | string | null): readonly string[] {
  if (colour === null) return [];
  if (typeof colour === 'number') return [`ansi-${ground}`, `ansi-${ground}-${colour}`];
  element.style.setProperty(`--${ground}`, colour);
  return [`ansi-${ground}-any`];
}

function classesOf(style: Style): string[] {
  const classes: string[] = [];
  if (style.bold) classes.push('ansi-bold');
  if (style.dim) classes.push('ansi-dim');
  if (style.italic) classes.push('ansi-italic');
  if (style.underline) classes.push('ansi-underline');
  if (style.strike) classes.push('ansi-strike');
  if (style.inverse && style.foreground === null && style.background === null) classes.push('ansi-inverse');
  return classes;
}
