import { uniqueNames } from '../names.ts';
import type { ForeignFile } from '../open-file.ts';
import { ACTION_FILE } from './local-files.ts';

/** What the files that are converted together share. */
export interface Run {
  /** Each workflow has a name that no other has. */
  readonly unique: (wanted: string) => string;
  /** Files of workflows that a job calls. */
  readonly called: Set<ForeignFile>;
  /** `owner/name` of the repository there; null where that is not known. */
  readonly repository: string | null;
}

export const newRun = (repository: string | null): Run => ({
  unique: uniqueNames(),
  called: new Set(),
  repository,
});

/**
 * Notes each action that no step uses of those that were read, and each workflow that none calls; what was not named but found
 * is let be.
 */
export function noteUnused(files: readonly ForeignFile[], { called }: Run): void {
  for (const file of files)
    for (const { root } of file.documents) {
      if (root.isUnread && file.isBeside) root.use();
      if (ACTION_FILE.test(file.name) && root.isUnread)
        root.leaveOut('no step of the files that were read uses it', 'Name the workflow that does, too.');
      const on = root.get('on') ?? root.get('true');
      const call =
        on?.kind === 'map'
          ? on.get('workflow_call')
          : on?.oneOrMore().find((one) => one.peek() === 'workflow_call');
      if (call === undefined) continue;
      if (called.has(file)) call.needs('its jobs stand where it is called');
      else if (file.isBeside) root.use();
      else if (root.get('jobs')?.isUnread === true)
        root.leaveOut('no workflow that was read calls it', 'Name the one that does, too.');
      else call.leaveOut('no workflow that was read calls it', 'Name the one that does, too.');
    }
}
