import type { LogLine, LogState } from '../../src/core/log.ts';
import { LineCache, type LoadRange } from './line-cache.ts';
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
}

/**
 * A log of any length in a scrolling element: a virtual list in plain DOM, so that a million lines open at once.
 * It follows the end only while the reader is at the end.
 */
export class LogView {
  readonly #root: HTMLElement;
  readonly #options: LogViewOptions;
  readonly #spacer = document.createElement('div');
  readonly #rows = document.createElement('div');
  readonly #cache: LineCache;
  readonly #resize: ResizeObserver;
  readonly #drawn = new Map<number, { row: HTMLElement; line: LogLine | undefined }>();
  #following = true;
  #frame = 0;
  #selected: LineRange | null = null;
  #anchor: number | null = null;
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
    window.addEventListener('hashchange', this.#onHash);
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
    this.#following = true;
    this.#schedule();
  }

  toTop(): void {
    this.#following = false;
    this.#root.scrollTop = 0;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    this.#root.removeEventListener('scroll', this.#onScroll);
    this.#root.removeEventListener('click', this.#onClick);
    this.#root.removeEventListener('keydown', this.#onKey);
    window.removeEventListener('hashchange', this.#onHash);
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
    this.#select(parseLineHash(location.hash), true);
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
    const top = this.#root.scrollTop;
    const first = scale.lineAt(top);
    const visible = Math.ceil(this.#root.clientHeight / ROW_HEIGHT);
    const from = Math.max(0, Math.floor(first) - MARGIN);
    const to = Math.min(state.lines, Math.floor(first) + visible + MARGIN);
    this.#rows.style.transform = `translateY(${top + (from - first) * ROW_HEIGHT}px)`;
    this.#drawRows(from, to);
    this.#options.onState(state, this.#following);
    if (failure !== null) setTimeout(() => this.#cache.retry(), 1_000);
  }

  #drawRows(from: number, to: number): void {
    for (const [number, { row }] of this.#drawn) {
      if (number >= from && number < to) continue;
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
    if (known === undefined || known.line !== line) renderLine(row, number, line);
    row.classList.toggle('log-selected', this.#isSelected(number + 1));
    this.#drawn.set(number, { row, line });
    return row;
  }

  #isSelected(shown: number): boolean {
    return this.#selected !== null && shown >= this.#selected.from && shown <= this.#selected.to;
  }

  #select(range: LineRange | null, reveal: boolean): void {
    this.#selected = range;
    if (range === null) return;
    this.#anchor = range.from;
    if (reveal) {
      this.#following = false;
      const scale = this.#scale();
      this.#spacer.style.height = `${scale.height}px`;
      this.#root.scrollTop = scale.topOf(Math.max(0, range.from - 4));
    }
    this.#schedule();
  }

  readonly #onHash = (): void => this.#select(parseLineHash(location.hash), true);

  readonly #onScroll = (): void => {
    const { scrollTop, clientHeight, scrollHeight } = this.#root;
    this.#following = scrollHeight - clientHeight - scrollTop <= NEAR_END * ROW_HEIGHT;
    this.#schedule();
  };

  readonly #onClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a.log-number') : null;
    if (link === null) return;
    event.preventDefault();
    const clicked = Number(link.textContent);
    const anchor = event.shiftKey && this.#anchor !== null ? this.#anchor : clicked;
    const range = { from: Math.min(anchor, clicked), to: Math.max(anchor, clicked) };
    history.replaceState(history.state, '', formatLineHash(range));
    this.#select(range, false);
    this.#anchor = anchor;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'End') this.follow();
    else if (event.key === 'Home') this.toTop();
    else return;
    event.preventDefault();
  };
}

function newRow(): HTMLElement {
  const row = document.createElement('div');
  row.className = 'log-row';
  return row;
}
