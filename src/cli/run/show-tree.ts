import type { StepWork } from '../../core/work.ts';
import { harmless } from '../../pipeline/excerpt.ts';
import { paint, paintStatus } from '../print.ts';
import { RunRows, tookRow, type RunRow } from './run-rows.ts';
import { summary, type RunView } from './run-view.ts';

/** Part of a terminal that the tree is drawn on. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

const FRAME_MS = 100;
/** Of a failed step, before a shell opens in it. */
const SHELL_LINES = 12;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const MARKS: Readonly<Record<string, string>> = {
  pending: '·',
  success: '✓',
  failure: '✗',
  error: '✗',
  cancelled: '-',
  skipped: '-',
};
const ESCAPE = String.fromCodePoint(0x1b);
const SGR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** The steps with their state, time and last line, drawn over and over until the end; then the failed ones' last lines. */
export function treeView(terminal: Terminal, nowMs: () => number = Date.now): RunView {
  let rows: RunRows | null = null;
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | null = null;

  const erase = (): void => {
    if (drawn > 0) terminal.write(`${ESCAPE}[${drawn}A${ESCAPE}[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (rows === null) return;
    const lines = fitting(rows.rows, terminal.rows - 1).map((row) =>
      line(row, rows?.rows ?? [], nowMs(), frame),
    );
    const cut = lines.map((text) => shortened(text, terminal.columns));
    const over = drawn > 0 ? `${ESCAPE}[${drawn}A` : '';
    terminal.write(`${over}${cut.map((text) => `${text}${ESCAPE}[K\n`).join('')}${ESCAPE}[0J`);
    drawn = cut.length;
    frame += 1;
  };
  const start = (): void => void (timer = setInterval(draw, FRAME_MS));
  const stop = (): void => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };
  return {
    begin(steps: readonly StepWork[], ignored: ReadonlySet<string>) {
      const shown = new RunRows(steps, { onLine: () => undefined, ignored });
      rows = shown;
      start();
      return {
        report: (body) => void shown.take(body, nowMs()),
        output: (attemptId, stream, bytes) => shown.takeOutput(attemptId, stream, bytes),
      };
    },
    lastLines: (step) =>
      rows?.rows.find(({ kind, name }) => kind === 'step' && name === step)?.tail.slice(-SHELL_LINES) ?? [],
    pause() {
      stop();
      draw();
      drawn = 0;
      return start;
    },
    end(outcome, ms) {
      stop();
      draw();
      drawn = 0;
      terminal.write(summary(rows?.rows ?? [], outcome, ms));
      rows = null;
      erase();
    },
  };
}

/** All rows where they fit; else those that run or failed before the ones that wait or are done. */
function fitting(rows: readonly RunRow[], room: number): readonly RunRow[] {
  if (rows.length <= room || !(room > 0)) return rows;
  const weight = ({ status }: RunRow): number =>
    status === 'running' ? 0 : status === 'failure' || status === 'error' ? 1 : status === 'pending' ? 2 : 3;
  const kept = new Set([...rows].sort((a, b) => weight(a) - weight(b)).slice(0, room));
  return rows.filter((row) => kept.has(row));
}

function line(row: RunRow, all: readonly RunRow[], nowMs: number, frame: number): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const isRunning = row.status === 'running';
  const mark = isRunning ? (SPINNER[frame % SPINNER.length] ?? '') : (MARKS[row.status] ?? '');
  const time = tookRow(row, nowMs).padStart(10);
  const said = isRunning ? paint('dim', bare(row.tail.at(-1) ?? '')) : harmless(row.reason ?? '');
  return `${painted(row, mark)} ${row.name.padEnd(width)} ${time}  ${said}`.trimEnd();
}

function painted({ status }: RunRow, mark: string): string {
  return paintStatus(status).replace(status, mark);
}

function bare(text: string): string {
  return text.replace(SGR, '');
}

/** At most `columns` characters, colours not counted; those end with it. */
function shortened(text: string, columns: number): string {
  const most = columns > 0 ? columns : 80;
  if (bare(text).length <= most) return text;
  let room = most - 1;
  const parts = text.split(new RegExp(`(${ESCAPE}\\[[0-9;]*m)`)).map((part, at) => {
    if (at % 2 === 1) return part;
    const kept = part.slice(0, room);
    room -= kept.length;
    return kept;
  });
  return `${parts.join('')}…`;
}
