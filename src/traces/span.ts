import type { TraceContext } from '../core/trace-context.ts';

/** Null: it is not known, and not sent. */
export type AttributeValue = string | number | boolean | readonly string[] | null;

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A piece of time of a trace, as OpenTelemetry has it. */
export interface Span extends TraceContext {
  /** Null for the topmost. */
  readonly parentId: string | null;
  readonly name: string;
  /** `server`: somebody outside asked for it. */
  readonly kind: 'server' | 'internal';
  /** Epoch ms; the end is never before the start. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why it went wrong; null for whatever did not. */
  readonly error: string | null;
  /** What it has to do with, in other traces. */
  readonly links: readonly TraceContext[];
}

/** A time as part of another: nothing of it is outside of that. */
export function within(
  outer: Pick<Span, 'startMs' | 'endMs'>,
  startMs: number,
  endMs: number,
): Pick<Span, 'startMs' | 'endMs'> {
  const start = Math.min(Math.max(startMs, outer.startMs), outer.endMs);
  return { startMs: start, endMs: Math.min(Math.max(endMs, start), outer.endMs) };
}
