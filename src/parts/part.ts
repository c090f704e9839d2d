/**
 * How long a part lives. `with-parent`: it ends with the process that started it, also when that one is killed;
 * `own`: it lives on until it is stopped by its folder.
 */
export type PartLife = 'with-parent' | 'own';

/** What every part is started with. */
export interface PartOptions {
  /** Absolute path of a folder of the part's own; made when missing. Its log is `<part>.log` in there. */
  readonly dir: string;
  /** Default: `with-parent`. */
  readonly life?: PartLife;
  /** How long it may take to answer, ms. */
  readonly timeoutMs?: number;
}

/** A part that runs and answers. */
export interface Part {
  /** Process id of the part itself, for faults in tests. */
  readonly pid: number;
  /** Ends it, and what belongs to it, and waits until that is gone. Safe to call twice. */
  stop(): Promise<void>;
}
