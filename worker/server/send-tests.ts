import { SIZES } from '../../config/times.ts';
import { Problem } from '../../src/core/problem.ts';
import type { TestReport, TestResult } from '../../src/core/test-report.ts';
import { TEST_PART, type TestsRequest } from '../../src/protocol/worker.ts';
import type { Ask } from './lease-requests.ts';

/** Sends what a step's test reports said, in parts. False: the server is older and keeps none. */
export async function sendTests(
  ask: Ask,
  attemptId: string,
  { results, ...summary }: TestReport,
  signal: AbortSignal,
): Promise<boolean> {
  let from = 0;
  try {
    for (const part of partsOf(results)) {
      const body = { attemptId, from, results: part, ...(from === 0 ? { summary } : {}) };
      await ask({ method: 'POST', path: '/tests', body: body satisfies TestsRequest, signal });
      from += part.length;
    }
    return true;
  } catch (error) {
    if (from === 0 && error instanceof Problem && error.code === 'not_found') return false;
    throw error;
  }
}

/** At least one part; none is larger than half of what the server takes. */
function partsOf(results: readonly TestResult[]): readonly TestResult[][] {
  const parts: TestResult[][] = [[]];
  let bytes = 0;
  for (const result of results) {
    const length = Buffer.byteLength(JSON.stringify(result));
    const last = parts.at(-1) ?? [];
    if (last.length > 0 && (last.length >= TEST_PART || bytes + length > SIZES.workerBody / 2)) {
      parts.push([result]);
      bytes = length;
      continue;
    }
    last.push(result);
    bytes += length;
  }
  return parts;
}
