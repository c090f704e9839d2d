import type { FoundLines, LogLine, LogState } from '../log.ts';

export interface LogRangeView extends LogState {
  readonly lines: number;
  readonly range: readonly LogLine[];
}

export interface LogSearchView extends LogState, FoundLines {}
