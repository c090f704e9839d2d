import type { ForeignFile } from '../open-file.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { readDispatchInputs } from './dispatch-inputs.ts';
import { localActions } from './local-action.ts';
import { ACTION_FILE, topOf } from './local-files.ts';
import { readJobs } from './read-jobs.ts';
import type { Run } from './run.ts';
import { eventsOfTriggers, readTriggers, scheduleEntry } from './triggers.ts';

/** Jobs of a workflow of GitHub, each a workflow of ours: its steps share a checkout, and others do not. */
export function readGithub(
  file: ForeignFile,
  files: readonly ForeignFile[],
  run: Run,
): readonly ReadWorkflow[] {
  const [document] = file.documents;
  if (document === undefined) return [];
  const { root } = document;
  // It is read where a step uses it.
  if (ACTION_FILE.test(file.name) && root.has('runs')) return [];
  const on = root.get('on') ?? root.get('true');
  const triggers = readTriggers(on);
  if (triggers === 'called') return [];
  const inputs = readDispatchInputs(on);
  if (triggers === null) {
    root.leaveOut(
      'none of its events is there, and the file is left out',
      'Events are push, pull_request, tag, manual and cron.',
    );
    root.use();
    return [];
  }
  let schedule = on?.kind === 'map' ? scheduleEntry(on.get('schedule')) : null;
  const { workflows } = readJobs({
    ...{ root, file, document, run, on, triggers, files },
    local: localActions(topOf(file.name), files),
    start: { events: eventsOfTriggers(triggers), inputs: inputs.known },
    inputs: inputs.entry,
    title: (root.get('name')?.peek() ?? '').replace(/['${}]/g, '') || file.name.replace(/^.*\//, ''),
    takeSchedule: () => {
      const taken = schedule;
      schedule = null;
      return taken;
    },
    ...{ call: null, concurrency: undefined, isAlone: true },
  });
  return workflows;
}
