import type { JobData } from '../core/work.ts';

/**
 * Wakes workers. It is a hint, never the record: a lost job is placed again by the reconciler,
 * a job that comes twice is refused at its claim.
 */
export interface JobQueue {
  /** Adds the job to the worker's queue; the same subject and attempt twice is one job. Rejects while Redis is away. */
  add(queue: string, job: JobData): Promise<void>;
  /** Forgets a job that need not run; silent when there is none. */
  remove(queue: string, job: JobData): Promise<void>;
  close(): Promise<void>;
}
