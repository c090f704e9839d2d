import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogState } from '../../src/core/log.ts';
import type { LogRangeView } from '../../src/core/views/log-view.ts';
import { api, segment } from '../api.ts';
import { formatBytes } from '../format.ts';
import { LogView } from '../log/view.ts';
import { openStream } from '../stream.ts';
import { LogKeys } from './log-keys.tsx';
import { LogSearchField } from './log-search.tsx';

interface LogProps {
  readonly logId: string;
  readonly title: string;
  /** Where links to its lines lead; absent: to the page that it is on. */
  readonly page?: string;
}

/** One log: the list of lines, its length, and the way to its end, its start and its file. */
export function Log({ logId, title, page }: LogProps) {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<LogView | null>(null);
  const [state, setState] = useState<LogState | null>(null);
  const [following, setFollowing] = useState(true);
  const [connected, setConnected] = useState(true);
  const [times, setTimes] = useState(false);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (element.current === null) return undefined;
    let closeStream = (): void => undefined;
    const opened = new LogView(element.current, {
      load: (from, count) => api<LogRangeView>('GET', `/logs/${segment(logId)}?from=${from}&count=${count}`),
      onOpened: (from) => {
        closeStream = openStream(
          { logs: [{ logId, from }] },
          (message) => {
            if (message.type !== 'log' || message.logId !== logId) return;
            opened.add(message.lines, message.state);
            if (message.state.sealed) closeStream();
          },
          setConnected,
        );
      },
      onState: (next, follows) => {
        setState(next);
        setFollowing(follows);
      },
      onLink: (hash) => {
        const link = `?log=${segment(logId)}${hash}`;
        if (page === undefined) history.replaceState(history.state, '', link);
        else location.assign(`${page}${link}`);
      },
    });
    view.current = opened;
    return () => {
      closeStream();
      opened.close();
    };
  }, [logId, page]);
  return (
    <section
      ref={section}
      class="log"
      aria-label={`Log of ${title}`}
      onKeyDown={(event) => {
        const field = section.current?.querySelector<HTMLInputElement>('input[type=search]');
        if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target === field) return;
        event.preventDefault();
        field?.select();
      }}
    >
      <div class="log-head">
        <strong>{title}</strong>
        <span class="log-length">{describe(state, connected)}</span>
        <LogSearchField logId={logId} lines={state?.lines ?? 0} view={view} />
        <label class="log-times-toggle">
          <input
            type="checkbox"
            checked={times}
            onChange={(event) => setTimes(event.currentTarget.checked)}
          />{' '}
          times
        </label>
        <button type="button" class="quiet" onClick={() => view.current?.toTop()}>
          Start
        </button>
        <button type="button" class="quiet" aria-pressed={following} onClick={() => view.current?.follow()}>
          End
        </button>
        <a class="button quiet" href={`/api/v1/logs/${segment(logId)}/raw`} download>
          Download
        </a>
        <LogKeys />
      </div>
      <div
        ref={element}
        class={`log-lines ${times ? 'with-times' : ''}`}
        role="log"
        aria-label={title}
        tabIndex={0}
      />
    </section>
  );
}

function describe(state: LogState | null, connected: boolean): string {
  if (state === null) return 'loading…';
  const lines = `${state.lines.toLocaleString('en')} ${state.lines === 1 ? 'line' : 'lines'}, ${formatBytes(state.bytes)}`;
  if (state.sealed) return lines;
  return connected ? `${lines}, live` : `${lines}, connecting again…`;
}
