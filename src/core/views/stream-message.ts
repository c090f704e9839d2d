import type { LogLine, LogState } from '../log.ts';
import type { BuildSummary, BuildView } from './build-view.ts';
import type { DeliveryView } from './delivery-view.ts';
import type { EnvironmentView } from './environment-view.ts';

/** Messages of `GET /api/v1/stream?…`, which a live page opens once. The SSE event id lets a browser resume without a gap. */
export type StreamMessage =
  | { readonly type: 'build'; readonly build: BuildView }
  | { readonly type: 'builds'; readonly build: BuildSummary }
  | { readonly type: 'environment'; readonly environment: EnvironmentView }
  | { readonly type: 'delivery'; readonly delivery: DeliveryView }
  /** Lines `from`… of a log as they become durable; `state` afterwards. A line may come again, longer, while unfinished. */
  | {
      readonly type: 'log';
      readonly logId: string;
      readonly lines: readonly LogLine[];
      readonly state: LogState;
    };
