import { createHash } from 'node:crypto';

/**
 * Where a span is, by W3C's "Trace Context": ids of 32 and 16 hex digits. They follow from ids of the record, so that
 * whatever computes them again, and the step that was told of its own, has the same.
 */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * Target of all effects that send a trace: a collector that is away is asked by the oldest alone, and later ones wait behind
 * that.
 */
export const TRACE_TARGET = 'trace';

/** The trace of a build, or of a deployment that no build's end caused, with its topmost span. */
export function traceOf(subjectId: string): TraceContext {
  return { traceId: digits(`trace ${subjectId}`, 32), spanId: spanIdOf(subjectId) };
}

/** The span of what has this id, or name within what has one. */
export function spanIdOf(id: string): string {
  return digits(`span ${id}`, 16);
}

/** As programs are given it in `TRACEPARENT`: version 00, sampled. */
export function traceparentOf({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`;
}

function digits(text: string, count: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, count);
}
