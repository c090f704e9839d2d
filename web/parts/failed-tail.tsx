import { useEffect, useRef } from 'preact/hooks';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { LogRangeView } from '../../src/core/views/log-view.ts';
import { api, segment } from '../api.ts';
import { failedStep } from '../at-work.ts';
import { formatLineHash, parseLineHash } from '../log/permalink.ts';
import { renderLine } from '../log/render-line.ts';
import { Fix } from './fix.tsx';
import { useLoad } from './load.tsx';

const LINES = 12;

interface FailedTailProps {
  readonly build: BuildView;
  /** Shows the log, at a line where `hash` names one. */
  readonly onShow: (logId: string, hash?: string) => void;
}

/** The last lines of the step that failed, on top, so that nobody has to look for them. */
export function FailedTail({ build, onShow }: FailedTailProps) {
  const failed = failedStep(build);
  if (failed === null) return null;
  const { step, name, attempt } = failed;
  return (
    <section class="box box-error tail" aria-label={`Why ${name} failed`}>
      <div class="tail-head">
        <strong>{name}</strong>
        <span>
          {step.reason ?? (attempt.exitCode === null ? step.status : `exit code ${attempt.exitCode}`)}
        </span>
        <button type="button" class="quiet" onClick={() => onShow(attempt.logId)}>
          Whole log
        </button>
      </div>
      <Fix end={step} />
      <Tail key={attempt.logId} logId={attempt.logId} onShow={onShow} />
    </section>
  );
}

function Tail({ logId, onShow }: { logId: string; onShow: FailedTailProps['onShow'] }) {
  const { value } = useLoad(logId, () => lastLines(logId));
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    element.current?.replaceChildren(
      ...(value?.range ?? []).map((line) => {
        const row = document.createElement('div');
        row.className = 'log-row';
        renderLine(row, line.number, line);
        return row;
      }),
    );
  }, [value]);
  const click = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a.log-number') : null;
    const range = parseLineHash(link?.getAttribute('href') ?? '');
    if (range === null) return;
    event.preventDefault();
    onShow(logId, formatLineHash(range));
  };
  return (
    <div
      class={`tail-lines ${value === null ? 'tail-loading' : ''}`}
      ref={element}
      tabIndex={0}
      onClick={click}
    />
  );
}

async function lastLines(logId: string): Promise<LogRangeView> {
  const { lines } = await api<LogRangeView>('GET', `/logs/${segment(logId)}?from=0&count=0`);
  return api('GET', `/logs/${segment(logId)}?from=${Math.max(0, lines - LINES)}&count=${LINES}`);
}
