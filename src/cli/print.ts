import { styleText } from 'node:util';
import type { Status } from '../core/status.ts';
import type { DeploymentView } from '../core/views/deployment-view.ts';
import { harmless } from '../pipeline/excerpt.ts';

type Style = Parameters<typeof styleText>[0];

const STATUS_STYLE: Readonly<Record<Status, Style>> = {
  pending: 'yellow',
  running: 'blue',
  success: 'green',
  failure: 'red',
  error: 'magenta',
  cancelled: 'dim',
  skipped: 'dim',
  blocked: 'yellow',
};

/** Text in a style, where standard output is a terminal that has colours. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function paintStatus(status: Status): string {
  return paint(STATUS_STYLE[status], status);
}

/** How a deployment ended, in a line. */
export function deploymentEnd({
  environment,
  status,
  reason,
}: Pick<DeploymentView, 'environment' | 'status' | 'reason'>): string {
  return `${environment}: ${paintStatus(status)}${reason === null ? '' : `: ${harmless(reason)}`}`;
}

/** Rows under each other in columns; a cell's first element is what it is measured by where it is painted. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, visible(cell).length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - visible(cell).length))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line of somebody else's text: no control characters reach the terminal. */
export function oneLine(text: string, most = 60): string {
  const line = (text.split('\n')[0] ?? '').replace(/[\p{Cc}\p{Cf}]/gu, '·');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** How long ago, in the largest unit. */
export function ago(timeMs: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.round((nowMs - timeMs) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

// The escape character as a code point: no source file holds one.
const SGR = new RegExp(`${String.fromCodePoint(0x1b)}\\[[0-9;]*m`, 'g');

function visible(text: string): string {
  return text.replace(SGR, '');
}

/** A log's line for a terminal: colours stay, every other escape sequence goes. */
export function logLine(text: string): string {
  const escape = String.fromCodePoint(0x1b);
  const kept = text.split(new RegExp(`(${escape}\\[[0-9;]*m)`));
  return kept.map((part, at) => (at % 2 === 1 ? part : part.replace(/[^\P{Cc}\t]/gu, ''))).join('');
}
