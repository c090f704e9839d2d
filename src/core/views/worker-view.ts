import type { Labels } from '../labels.ts';

export interface WorkerView {
  readonly id: string;
  readonly name: string;
  /** It was heard of within the time of a lease. */
  readonly connected: boolean;
  /** False: its token was revoked. */
  readonly hasToken: boolean;
  /** Null: it has never been here. */
  readonly seenAtMs: number | null;
  /** Workflows it runs at once, and how many it runs now. */
  readonly capacity: number;
  readonly running: number;
  /**
   * What it works on now, the oldest first; of one that drains also the deployments of its routers that had begun to switch
   * when they lost their worker: it, or another with the router, has to end them.
   */
  readonly work: readonly WorkView[];
  /** Since when it gets nothing new; null: it does. */
  readonly drainingSinceMs: number | null;
  /** Why it gets no new build: which of its disks has too little free; null: none. */
  readonly lowDisk: string | null;
  readonly routers: readonly string[];
  /** Routers that its token is for. */
  readonly tokenRouters: readonly string[];
  readonly labels: Labels;
  /** Labels that its token is for. */
  readonly tokenLabels: Labels;
  /** Versions of its program and of the worker protocol that it speaks; null: it has not said so. */
  readonly program: string | null;
  readonly protocol: number | null;
  readonly joinedAtMs: number;
}

/** A piece of work on a worker. */
export interface WorkView {
  readonly kind: 'build' | 'deployment';
  /** Of the build, or of the environment that is deployed. */
  readonly id: string;
  /** `shop/web#12`, or `shop/web:production`. */
  readonly name: string;
}
