import type { LogStream } from '../../core/log.ts';
import type { EndStatus } from '../../core/status.ts';
import { fixOfEnd } from '../../core/end.ts';
import { attemptIdsOf, type ReportBody, type StepWork } from '../../core/work.ts';
import { logLine } from '../print.ts';

/** A stage, service or step of a run, as far as it is. */
export interface RunRow {
  readonly kind: StepWork['kind'];
  /** What is shown: the step's name, `files` for what brings them. */
  readonly name: string;
  status: 'pending' | 'running' | EndStatus;
  reason: string | null;
  /** What to do about its end. */
  fix: string | null;
  startedMs: number | null;
  endedMs: number | null;
  /** The last lines of its output, without their breaks; the very last may not be whole. */
  readonly tail: string[];
}

/** Told of each whole line; `text` is safe for a terminal. */
export type OnLine = (row: RunRow, text: string) => void;

const TAIL_LINES = 40;
/** A line that grows longer is shown in parts. */
const LINE_BYTES = 64 * 1024;

/** The rows of a run, kept to what is reported. */
export class RunRows {
  readonly rows: readonly RunRow[];
  readonly #byAttempt: ReadonlyMap<string, RunRow>;
  readonly #open = new Map<string, { row: RunRow; bytes: Buffer }>();
  readonly #onLine: OnLine;

  readonly #ignored: ReadonlySet<string>;

  /** @param ignored Steps whose failure counts for nothing. */
  constructor(
    steps: readonly StepWork[],
    { onLine, ignored }: { readonly onLine: OnLine; readonly ignored: ReadonlySet<string> },
  ) {
    this.#onLine = onLine;
    this.#ignored = ignored;
    this.rows = steps.map(({ kind, name }) => ({
      kind,
      name: kind === 'clone' ? 'files' : name,
      status: 'pending',
      reason: null,
      fix: null,
      startedMs: null,
      endedMs: null,
      tail: [],
    }));
    this.#byAttempt = new Map(
      steps.flatMap((step, index) => {
        const row = this.rows[index];
        return row === undefined ? [] : attemptIdsOf(step).map((id) => [id, row] as const);
      }),
    );
  }

  /** The row that a report is about; null when it is about none. */
  take(body: ReportBody, nowMs: number): RunRow | null {
    if (body.type !== 'step.started' && body.type !== 'step.finished') return null;
    const row = this.#byAttempt.get(body.attemptId) ?? null;
    if (row === null) return null;
    if (body.type === 'step.started') {
      row.status = 'running';
      row.startedMs ??= nowMs;
      return row;
    }
    for (const stream of ['stdout', 'stderr', 'system']) this.#flush(`${body.attemptId}/${stream}`);
    if (body.again === true) return row;
    row.status = body.status;
    row.reason = this.#isIgnored(row) ? `${body.reason ?? body.status} (ignored)` : body.reason;
    row.fix = fixOfEnd(body.code ?? null);
    row.endedMs = nowMs;
    return row;
  }

  #isIgnored({ kind, name, status }: RunRow): boolean {
    return kind === 'step' && (status === 'failure' || status === 'error') && this.#ignored.has(name);
  }

  takeOutput(attemptId: string, stream: LogStream, bytes: Uint8Array): void {
    const row = this.#byAttempt.get(attemptId);
    if (row === undefined) return;
    const key = `${attemptId}/${stream}`;
    const before = this.#open.get(key)?.bytes;
    let rest = before === undefined ? Buffer.from(bytes) : Buffer.concat([before, bytes]);
    for (;;) {
      const end = rest.indexOf(0x0a);
      const length = end >= 0 ? end : rest.length > LINE_BYTES ? LINE_BYTES : -1;
      if (length < 0) break;
      this.#line(row, rest.subarray(0, length));
      rest = rest.subarray(end >= 0 ? length + 1 : length);
    }
    this.#open.set(key, { row, bytes: Buffer.from(rest) });
  }

  #flush(key: string): void {
    const open = this.#open.get(key);
    this.#open.delete(key);
    if (open !== undefined && open.bytes.length > 0) this.#line(open.row, open.bytes);
  }

  /** Of a line that a program wrote over itself, what it shows in the end. */
  #line(row: RunRow, bytes: Buffer): void {
    const shown = bytes.toString('utf8').replace(/\r+$/, '').split('\r').at(-1) ?? '';
    const text = logLine(shown);
    row.tail.push(text);
    if (row.tail.length > TAIL_LINES) row.tail.shift();
    this.#onLine(row, text);
  }
}

/** e.g. `0.4 s`, `1 min 05 s`. */
export function took(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** How long a row has taken; empty before it began. */
export function tookRow({ startedMs, endedMs }: RunRow, nowMs: number): string {
  return startedMs === null ? '' : took((endedMs ?? nowMs) - startedMs);
}
