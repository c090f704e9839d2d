import { forSteps, forValues, seconds } from './ci-variable.ts';
import type { CiVariables } from './ci-variable.ts';

/** More changed files, or a longer list, are not told: a list that was cut would be a wrong one. */
const MOST_FILES = 500;
const MOST_LIST_BYTES = 64 * 1024;

export const PIPELINE_VARIABLES = {
  CI_PIPELINE_NUMBER: forValues('Number of the build in its project.', ({ build }) => String(build.number)),
  CI_PIPELINE_PARENT: forValues('Number of the build that this one runs again, else `0`.', ({ build }) =>
    String(build.rerunOf ?? 0),
  ),
  CI_PIPELINE_EVENT: forValues(
    '`push`, `pull_request`, `tag`, `manual` or `cron`.',
    ({ event }) => event.kind,
  ),
  CI_CRON_NAME: forValues('Name of the schedule of a build by the clock. Not in Woodpecker.', ({ event }) =>
    event.kind === 'cron' ? event.cron : null,
  ),
  CI_CRON_TIME: forValues(
    'The time that such a build is made for, in seconds since 1970. Not in Woodpecker.',
    ({ event }) => (event.kind === 'cron' ? seconds(event.tickMs) : null),
  ),
  CI_PIPELINE_URL: forValues('Page of the build.', ({ build }) => build.url),
  CI_PIPELINE_FORGE_URL: forValues('Page of the commit on the Git host.', ({ event }) => event.url),
  CI_PIPELINE_CREATED: forValues('When the build was made, in seconds since 1970.', ({ build }) =>
    seconds(build.createdAtMs),
  ),
  CI_PIPELINE_STARTED: forSteps(
    'When the build began to run, in seconds since 1970; an attempt after a lost worker does not change it.',
    ({ build }) => seconds(build.startedAtMs),
  ),
  CI_PIPELINE_FILES: forValues(
    'Changed files as a JSON list; absent when unknown, more than 500 or longer than 64 KiB.',
    ({ changedFiles }) => {
      if (changedFiles === null || changedFiles.length > MOST_FILES) return null;
      const list = JSON.stringify(changedFiles);
      return Buffer.byteLength(list) > MOST_LIST_BYTES ? null : list;
    },
  ),
  CI_PIPELINE_AUTHOR: forValues('Account that caused the build.', ({ event }) => event.actor.login),
  CI_PIPELINE_AVATAR: forSteps("Address of that account's picture.", ({ event }) => event.actor.avatarUrl),
  CI_PIPELINE_RERUNS: forSteps(
    'How often the first build was run again up to this one; absent in a first run.',
    ({ build }) => (build.reruns === 0 ? null : String(build.reruns)),
  ),

  CI_WORKFLOW_NAME: forSteps('Name of the workflow.', ({ workflow }) => workflow),
} as const satisfies CiVariables;
