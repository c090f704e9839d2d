import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogSearchView } from '../../src/core/views/log-view.ts';
import { api, segment } from '../api.ts';
import { foundWords, LogSearch, nextFound, NOTHING, type Found } from '../log/log-search.ts';
import type { LogView } from '../log/view.ts';

interface LogSearchProps {
  readonly logId: string;
  /** How many the log has by now. */
  readonly lines: number;
  readonly view: { readonly current: LogView | null };
}

/** The field that finds a text in a log of any length, and goes from one line that shows it to the next. */
export function LogSearchField({ logId, lines, view }: LogSearchProps) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found>(NOTHING);
  const [line, setLine] = useState<number | null>(null);
  const search = useRef<LogSearch | null>(null);
  const goTo = (next: number | null): void => {
    setLine(next);
    if (next !== null) view.current?.show(next);
  };
  useEffect(() => {
    setFound(NOTHING);
    setLine(null);
    view.current?.mark(text);
    if (text === '') return undefined;
    setFound({ ...NOTHING, busy: true });
    let isShown = false;
    let started: LogSearch | null = null;
    const timer = setTimeout(() => {
      const at = view.current?.top ?? 0;
      const ask = (wanted: string, from: number) =>
        api<LogSearchView>('GET', `/logs/${segment(logId)}/search?text=${segment(wanted)}&from=${from}`);
      started = search.current = new LogSearch(ask, text, at, (now) => {
        setFound(now);
        if (isShown || now.lines.length === 0) return;
        isShown = true;
        goTo(nextFound(now.lines, at - 1, 1));
      });
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      started?.close();
      search.current = null;
    };
  }, [text, logId]);
  useEffect(() => search.current?.grew(lines), [lines]);
  const go = (by: 1 | -1): void => goTo(nextFound(found.lines, line ?? -1, by));
  return (
    <search class="log-search">
      <output>{text === '' ? '' : foundWords(found, line)}</output>
      <input
        type="search"
        aria-label="Search the log"
        placeholder="Search"
        maxLength={200}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') {
            setText('');
            event.currentTarget.closest('.log')?.querySelector<HTMLElement>('[role=log]')?.focus();
          } else return;
          event.preventDefault();
        }}
      />
      <button
        type="button"
        class="quiet"
        aria-label="The line before that shows it"
        disabled={found.lines.length === 0}
        onClick={() => go(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="The next line that shows it"
        disabled={found.lines.length === 0}
        onClick={() => go(1)}
      >
        ↓
      </button>
    </search>
  );
}

/** Until what is typed is looked for. */
const TYPING_MS = 150;
