import { once } from 'node:events';
import type { StepWork } from '../../core/work.ts';
import { harmless } from '../../pipeline/excerpt.ts';
import { paintStatus } from '../print.ts';
import { RunRows, tookRow } from './run-rows.ts';
import { fixLines, summary, type RunView } from './run-view.ts';

/** Every line as it comes, with the name of its step: for files, pipes and other programs. */
export function plainView(out: NodeJS.WritableStream, nowMs: () => number = Date.now): RunView {
  let width = 0;
  /** Null while there is room for more. */
  let room: Promise<void> | null = null;
  const write = (name: string, text: string): void => {
    // A reader that is slow holds the steps up, and loses nothing.
    if (out.write(`${name.padEnd(width)} | ${text}\n`) || room !== null) return;
    // Nor does one that has gone: that is for who opened the output.
    room = once(out, 'drain').then(
      () => void (room = null),
      () => undefined,
    );
  };
  return {
    begin(steps: readonly StepWork[], ignored: ReadonlySet<string>) {
      const shown = new RunRows(steps, { onLine: (row, text) => write(row.name, text), ignored });
      width = Math.max(...shown.rows.map(({ name }) => name.length));
      return {
        report(body) {
          const row = shown.take(body, nowMs());
          if (row === null || row.endedMs === null) return;
          const reason = row.reason === null ? '' : `: ${harmless(row.reason)}`;
          const time = tookRow(row, nowMs());
          write(row.name, `${paintStatus(row.status)}${reason}${time === '' ? '' : ` (${time})`}`);
          for (const line of fixLines(row)) write(row.name, line);
        },
        output(attemptId, stream, bytes) {
          shown.takeOutput(attemptId, stream, bytes);
          return room ?? undefined;
        },
      };
    },
    lastLines: () => [],
    pause: () => () => undefined,
    end(outcome, ms) {
      out.write(summary([], outcome, ms).replace(/^\n/, ''));
    },
  };
}
