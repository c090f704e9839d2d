export interface Page<T> {
  readonly items: readonly T[];
  /** Pass as `before` for the next page; null at the end. */
  readonly next: string | null;
}
