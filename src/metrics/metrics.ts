/** What the server tells a monitoring system. */
export interface Metrics {
  /** Everything as of now, in Prometheus' text format (version 0.0.4). */
  text(): Promise<string>;
  /** Content type of {@link text}. */
  readonly contentType: string;
  /** Counts an answered request. */
  answered(request: AnsweredRequest): void;
  /** Counts a trace that was sent, or given up. */
  traced(outcome: 'sent' | 'dropped'): void;
  /** Counts spans that a collector did not want. */
  rejected(spans: number): void;
  /** Stops listening to the record. */
  stop(): void;
}

export interface AnsweredRequest {
  readonly method: string;
  /** Path of the route with its parameters' names, e.g. `/api/v1/builds/:build`; null: none was found. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
}
