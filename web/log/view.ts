import type { LogLine, LogState } from '../../src/core/log.ts';
import { linkOf, markCurrent } from './current-line.ts';
import { lineForKey, type InView } from './keys.ts';
import { LineCache, type LoadRange } from './line-cache.ts';
import { LineLinks } from './line-links.ts';
import { formatLineHash, parseLineHash, type LineRange } from './permalink.ts';
import { renderLine } from './render-line.ts';
import { scrollScale, type ScrollScale } from './scroll-scale.ts';

const ROW_HEIGHT = 20;
/** Rows drawn above and below the visible ones. */
const MARGIN = 12;
/** "At the bottom" allows for fractions of a pixel and a finger's tremble. */
const NEAR_END = 1.5;

export interface LogViewOptions {
  readonly load: LoadRange;
  /** Called once the log's length is known, with the first line the stream should send. */
  readonly onOpened: (from: number) => void;
  readonly onState: (state: LogState, following: boolean) => void;
  /** The reader made a link to lines, or (empty) took it back. */
  readonly onLink: (hash: string) => void;
}

/**
 * A log of any length in a scrolling element: a virtual list in plain DOM, so that a million lines open at once.
 * It follows the end only while the reader is at the end. Lines are links; by keyboard one of them at a time has the
 * focus (WAI-ARIA practices, "Managing focus within components using a roving tabindex").
 */
export class LogView {
  readonly #root: HTMLElement;
  readonly #options: LogViewOptions;
  readonly #spacer = document.createElement('div');
  readonly #rows = document.createElement('div');
  readonly #cache: LineCache;
  readonly #resize: ResizeObserver;
  readonly #drawn = new Map<number, { row: HTMLElement; line: LogLine | undefined; wanted: string }>();
  /** The text that is looked for, and the line of it that the reader was brought to. */
  #wanted = '';
  #found: number | null = null;
  #following = true;
  /** As far down as the view was seen last. */
  #top = 0;
  #frame = 0;
  readonly #links = new LineLinks();
  /** The line that the keyboard is at, counted from 0. */
  #current: number | null = null;
  #closed = false;

  constructor(root: HTMLElement, options: LogViewOptions) {
    this.#root = root;
    this.#options = options;
    this.#cache = new LineCache(options.load, () => this.#schedule());
    this.#spacer.className = 'log-spacer';
    this.#rows.className = 'log-rows';
    this.#spacer.append(this.#rows);
    root.replaceChildren(this.#spacer);
    root.addEventListener('scroll', this.#onScroll, { passive: true });
    root.addEventListener('click', this.#onClick);
    root.addEventListener('keydown', this.#onKey);
    window.addEventListener('hashchange', this.#openLink);
    this.#resize = new ResizeObserver(() => this.#schedule());
    this.#resize.observe(root);
    void this.#open();
  }

  /** Lines that came by the stream, and what is known of the log after them. */
  add(lines: readonly LogLine[], state: LogState): void {
    this.#cache.add(lines, state);
  }

  /** Goes to the end and follows. */
  follow(): void {
    this.#current = null;
    this.#following = true;
    this.#schedule();
  }

  toTop(): void {
    this.#current = null;
    this.#following = false;
    this.#root.scrollTop = 0;
    this.#schedule();
  }

  /** The first line that is seen. */
  get top(): number {
    return Math.max(0, this.#inView().first);
  }

  /** Marks a text wherever it is shown; empty: none. */
  mark(wanted: string): void {
    this.#wanted = wanted;
    this.#found = null;
    this.#schedule();
  }

  /** Brings a found line into view, and leaves the keyboard where it is. */
  show(line: number): void {
    this.#found = line;
    this.#current = line;
    const { first, last } = this.#inView();
    if (line < first || line > last) {
      this.#following = false;
      const visible = this.#root.clientHeight / ROW_HEIGHT;
      this.#root.scrollTop = this.#scale().topOf(Math.max(0, line - Math.floor(visible / 2)));
    }
    this.#draw();
  }

  close(): void {
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    this.#root.removeEventListener('scroll', this.#onScroll);
    this.#root.removeEventListener('click', this.#onClick);
    this.#root.removeEventListener('keydown', this.#onKey);
    window.removeEventListener('hashchange', this.#openLink);
    this.#root.replaceChildren();
  }

  async #open(): Promise<void> {
    try {
      await this.#cache.open();
    } catch {
      if (!this.#closed) setTimeout(() => void this.#open(), 1_000);
      return;
    }
    if (this.#closed) return;
    const { lines, sealed } = this.#cache.state;
    this.#openLink();
    // The last line may still grow, so the stream starts with it.
    this.#options.onOpened(sealed ? lines : Math.max(0, lines - 1));
    this.#schedule();
  }

  #schedule(): void {
    if (this.#frame !== 0 || this.#closed) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #scale(): ScrollScale {
    return scrollScale(this.#cache.state.lines, ROW_HEIGHT, this.#root.clientHeight);
  }

  #draw(): void {
    const { state, failure } = this.#cache;
    const scale = this.#scale();
    this.#spacer.style.height = `${scale.height}px`;
    if (this.#following) this.#root.scrollTop = scale.height;
    const top = (this.#top = this.#root.scrollTop);
    const first = scale.lineAt(top);
    const visible = Math.ceil(this.#root.clientHeight / ROW_HEIGHT);
    const from = Math.max(0, Math.floor(first) - MARGIN);
    const to = Math.min(state.lines, Math.floor(first) + visible + MARGIN);
    this.#rows.style.transform = `translateY(${top + (from - first) * ROW_HEIGHT}px)`;
    this.#rows.style.setProperty('--digits', String(String(state.lines).length));
    this.#root.ariaLive = this.#following && !state.sealed ? 'polite' : 'off';
    this.#drawRows(from, to);
    this.#options.onState(state, this.#following);
    if (failure !== null) setTimeout(() => this.#cache.retry(), 1_000);
  }

  #drawRows(from: number, to: number): void {
    for (const [number, { row }] of this.#drawn) {
      if (number >= from && number < to) continue;
      // What has the focus must not vanish with it: the keys go on from the log itself.
      if (row.contains(document.activeElement)) this.#root.focus({ preventScroll: true });
      row.remove();
      this.#drawn.delete(number);
    }
    let before: HTMLElement | null = null;
    for (let number = from; number < to; number++) {
      const row = this.#drawRow(number);
      const next: Element | null = before === null ? this.#rows.firstElementChild : before.nextElementSibling;
      if (next !== row) this.#rows.insertBefore(row, next);
      before = row;
    }
  }

  #drawRow(number: number): HTMLElement {
    const line = this.#cache.line(number);
    const known = this.#drawn.get(number);
    const row = known?.row ?? newRow();
    const wanted = this.#wanted;
    if (known === undefined || known.line !== line || known.wanted !== wanted) {
      const hadFocus = row.contains(document.activeElement);
      renderLine(row, number, line, wanted);
      if (hadFocus) linkOf(row)?.focus({ preventScroll: true });
    }
    row.classList.toggle('log-selected', this.#links.has(number + 1));
    markCurrent(row, number === this.#current);
    row.classList.toggle('log-found', number === this.#found);
    this.#drawn.set(number, { row, line, wanted });
    return row;
  }

  /** Shows the lines that the address names. */
  readonly #openLink = (): void => {
    const range = parseLineHash(location.hash);
    this.#links.open(range);
    if (range !== null) {
      this.#following = false;
      const scale = this.#scale();
      this.#spacer.style.height = `${scale.height}px`;
      this.#root.scrollTop = scale.topOf(Math.max(0, range.from - 4));
    }
    this.#schedule();
  };

  readonly #onScroll = (): void => {
    const { scrollTop, clientHeight, scrollHeight } = this.#root;
    const isAtEnd = scrollHeight - clientHeight - scrollTop <= NEAR_END * ROW_HEIGHT;
    // Only the reader goes up: a view that became smaller is no longer at the end, and stays where it was.
    if (isAtEnd) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
    this.#schedule();
  };

  readonly #onClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a.log-number') : null;
    if (link === null) return;
    event.preventDefault();
    const clicked = Number(link.textContent);
    this.#current = clicked - 1;
    this.#tell(event.shiftKey ? this.#links.widen(clicked) : this.#links.link(clicked));
  };

  #tell(range: LineRange | null): void {
    this.#options.onLink(range === null ? '' : formatLineHash(range));
    this.#schedule();
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.#moveByKey(event) || this.#actByKey(event)) event.preventDefault();
  };

  #moveByKey({ key, shiftKey }: KeyboardEvent): boolean {
    const from = this.#current;
    const to = lineForKey(key, from, this.#inView());
    if (to === null) return false;
    this.#goTo(to);
    if (shiftKey) this.#tell(this.#links.widen(to + 1, (from ?? to) + 1));
    return true;
  }

  #actByKey({ key, shiftKey }: KeyboardEvent): boolean {
    const isAtLine = this.#root !== document.activeElement;
    if (key === 'Enter' && isAtLine && this.#current !== null) {
      const line = this.#current + 1;
      this.#tell(shiftKey ? this.#links.widen(line) : this.#links.link(line));
      return true;
    }
    if (key === 'End') this.follow();
    else if (key === 'Home') this.toTop();
    else if (key === 'Escape' && !isAtLine && this.#links.range !== null) this.#unlink();
    else if (key !== 'Escape' || !isAtLine) return false;
    this.#root.focus({ preventScroll: true });
    return true;
  }

  #unlink(): void {
    this.#links.open(null);
    this.#tell(null);
  }

  /** Puts the keyboard at a line, in view. */
  #goTo(line: number): void {
    this.#current = line;
    this.#following = false;
    const { first, last } = this.#inView();
    const scale = this.#scale();
    const visible = this.#root.clientHeight / ROW_HEIGHT;
    if (line < first) this.#root.scrollTop = scale.topOf(line);
    if (line > last) this.#root.scrollTop = scale.topOf(line + 1 - visible);
    this.#draw();
    const row = this.#drawn.get(line)?.row;
    if (row !== undefined) linkOf(row)?.focus({ preventScroll: true });
  }

  /** The lines that are seen whole. */
  #inView(): InView {
    const { lines } = this.#cache.state;
    const top = this.#scale().lineAt(this.#root.scrollTop);
    const bottom = top + this.#root.clientHeight / ROW_HEIGHT;
    // A line that is cut by less than a tenth is whole.
    return { first: Math.ceil(top - 0.1), last: Math.min(lines, Math.floor(bottom + 0.1)) - 1, lines };
  }
}

function newRow(): HTMLElement {
  const row = document.createElement('div');
  row.className = 'log-row';
  return row;
}
