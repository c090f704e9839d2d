import { useEffect, useRef } from 'preact/hooks';
import type { BuildView, LogRangeView } from '../../src/core/view.ts';
import { api, segment } from '../api.ts';
import { renderLine } from '../log/render-line.ts';
import { useLoad } from './load.tsx';

const LINES = 12;

/** The last lines of the step that failed, on top, so that nobody has to look for them. */
export function FailedTail({ build, onShow }: { build: BuildView; onShow: (logId: string) => void }) {
  const step = build.workflows
    .flatMap((workflow) => workflow.steps)
    .find((candidate) => candidate.status === 'failure' || candidate.status === 'error');
  const attempt = step?.attempts.at(-1);
  if (step === undefined || attempt === undefined || attempt.startedAtMs === null) return null;
  return (
    <section class="box box-error tail" aria-label={`Why ${step.name} failed`}>
      <div class="tail-head">
        <strong>{step.name}</strong>
        <span>
          {step.reason ?? (attempt.exitCode === null ? step.status : `exit code ${attempt.exitCode}`)}
        </span>
        <button type="button" class="quiet" onClick={() => onShow(attempt.logId)}>
          Whole log
        </button>
      </div>
      <Tail key={attempt.logId} logId={attempt.logId} />
    </section>
  );
}

function Tail({ logId }: { logId: string }) {
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
  return <div class="tail-lines" ref={element} tabIndex={0} />;
}

async function lastLines(logId: string): Promise<LogRangeView> {
  const { lines } = await api<LogRangeView>('GET', `/logs/${segment(logId)}?from=0&count=0`);
  return api('GET', `/logs/${segment(logId)}?from=${Math.max(0, lines - LINES)}&count=${LINES}`);
}
