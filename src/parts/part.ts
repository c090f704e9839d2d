/**
 * How long a part lives. `with-parent`: it ends with the process that started it, also when that one is killed;
 * `own`: it lives on until it is stopped by its folder.
 */
export type PartLife = 'with-parent' | 'own';

/** What every part is started with. */
export interface PartOptions {
  /**
   * Absolute path of a folder of the part's own; made when missing. Its log is `<part>.log` in there; the engine keeps
   * that of a container with a life of its own.
   */
  readonly dir: string;
  /** Default: `with-parent`. */
  readonly life?: PartLife;
  /** How long it may take to answer, ms. */
  readonly timeoutMs?: number;
}

/** An image for a part whose program is not on this machine; the engine has it. */
export interface PartImage {
  /** As DOCKER_HOST: an engine of this machine, `unix://…`. */
  readonly dockerHost: string;
  readonly name: string;
}

/** What a part is started with that can run from an image. */
export interface ImagePartOptions extends PartOptions {
  /** Absent: the program on this machine. */
  readonly image?: PartImage | undefined;
}

/** A part that runs and answers. */
export interface Part {
  /** Process id of the part itself, for faults in tests. */
  readonly pid: number;
  /** True: it ran already. */
  readonly attached?: boolean;
  /** Ends it, and what belongs to it, and waits until that is gone. Safe to call twice. */
  readonly stop: () => Promise<void>;
}
