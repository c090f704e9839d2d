/** Makes builds of deliveries, in the background, fed from the record: a kill loses nothing. */
export interface Intake {
  /** Takes up what the record holds and from then on what is recorded. */
  start(): void;
  /** Gives a plan to every build that has none yet; for who recorded one without a delivery (run now, re-run). */
  planWaiting(): void;
  /**
   * What a workflow's worker checks out, as `Mirrors.bundle`.
   * @throws Problem as that.
   */
  bundle(
    workflowId: string,
    have: readonly string[],
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Ends what runs; what was not finished is taken up at the next start. */
  stop(): Promise<void>;
  /** Resolves when nothing is left to do; for tests. */
  idle(): Promise<void>;
}
