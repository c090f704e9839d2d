import type { WorkflowWork } from '../../src/core/work.ts';
import { checkOut, type CheckOut } from '../checkout/check-out.ts';
import type { Mirrors } from '../checkout/mirrors.ts';
import type { Outcome } from '../outcome.ts';
import type { Lease } from '../server/lease.ts';

/** Where a workflow's files go, and who is told of it. */
export interface FilesWanted extends Pick<CheckOut, 'directory' | 'log' | 'signal'> {
  readonly lease: Lease<WorkflowWork>;
}

/** Brings the files of a workflow into an empty or missing directory. Planned ends are outcomes; the log is not ended. */
export type BringFiles = (wanted: FilesWanted) => Promise<Outcome>;

/** The files of the workflow's commit, by way of this worker's mirrors. */
export function filesFromMirrors(mirrors: Mirrors): BringFiles {
  return ({ lease, directory, log, signal }) =>
    checkOut({
      mirrors,
      projectId: lease.work.build.projectId,
      ...lease.work.clone,
      source: (have, untilThen) => lease.source(have, untilThen),
      directory,
      log,
      signal,
    });
}
