import { forSteps, forValues, seconds } from './ci-variable.ts';
import type { CiVariable, CiVariables } from './ci-variable.ts';
import { COMMIT_VARIABLES as COMMIT } from './commit.ts';
import { PIPELINE_VARIABLES as PIPELINE } from './pipeline.ts';

/** What a variable is for the build before. */
function before({ of }: CiVariable): CiVariable['of'] {
  return ({ previous, ...context }) =>
    previous === null
      ? null
      : of({ ...context, event: previous.event, build: { ...previous.build, reruns: 0 }, previous: null });
}

/**
 * Of the build before. That one is of the same branch, tag or pull request; Woodpecker takes whatever build came last
 * for the branch, those of anybody's pull request to it too.
 */
export const PREVIOUS_VARIABLES = {
  CI_PREV_COMMIT_SHA: forValues(
    'Commit of the build before; without one, the commit before the push.',
    ({ previous, event }) => previous?.event.commit ?? (event.kind === 'push' ? event.before : null),
  ),
  CI_PREV_COMMIT_REF: forSteps('Its Git ref.', before(COMMIT.CI_COMMIT_REF)),
  CI_PREV_COMMIT_REFSPEC: forSteps(
    '`<source>:<target>` of its pull request.',
    before(COMMIT.CI_COMMIT_REFSPEC),
  ),
  CI_PREV_COMMIT_BRANCH: forSteps(
    'Its branch; the target branch of a pull request.',
    before(COMMIT.CI_COMMIT_BRANCH),
  ),
  CI_PREV_COMMIT_SOURCE_BRANCH: forSteps(
    'Source branch of its pull request.',
    before(COMMIT.CI_COMMIT_SOURCE_BRANCH),
  ),
  CI_PREV_COMMIT_TARGET_BRANCH: forSteps(
    'Target branch of its pull request.',
    before(COMMIT.CI_COMMIT_TARGET_BRANCH),
  ),
  CI_PREV_COMMIT_URL: forSteps(
    'Page of that commit on the Git host.',
    before(PIPELINE.CI_PIPELINE_FORGE_URL),
  ),
  CI_PREV_COMMIT_MESSAGE: forSteps('Its message.', before(COMMIT.CI_COMMIT_MESSAGE)),
  CI_PREV_COMMIT_TIMESTAMP: forSteps(
    'When it was made, in seconds since 1970.',
    before(COMMIT.CI_COMMIT_TIMESTAMP),
  ),
  CI_PREV_COMMIT_AUTHOR: forSteps('Name of its author.', before(COMMIT.CI_COMMIT_AUTHOR)),
  CI_PREV_COMMIT_AUTHOR_EMAIL: forSteps('Mail address of its author.', before(COMMIT.CI_COMMIT_AUTHOR_EMAIL)),

  CI_PREV_PIPELINE_NUMBER: forSteps('Number of the build before.', before(PIPELINE.CI_PIPELINE_NUMBER)),
  CI_PREV_PIPELINE_PARENT: forSteps(
    'Number of the build that it runs again, else `0`.',
    before(PIPELINE.CI_PIPELINE_PARENT),
  ),
  CI_PREV_PIPELINE_EVENT: forSteps('Its event.', before(PIPELINE.CI_PIPELINE_EVENT)),
  CI_PREV_PIPELINE_URL: forSteps('Its page.', before(PIPELINE.CI_PIPELINE_URL)),
  CI_PREV_PIPELINE_FORGE_URL: forSteps(
    'Page of its commit on the Git host.',
    before(PIPELINE.CI_PIPELINE_FORGE_URL),
  ),
  CI_PREV_PIPELINE_STATUS: forSteps(
    'Its status when this build began to run, in the words of the pages.',
    ({ previous }) => previous?.build.status ?? null,
  ),
  CI_PREV_PIPELINE_CREATED: forSteps(
    'When it was made, in seconds since 1970.',
    before(PIPELINE.CI_PIPELINE_CREATED),
  ),
  CI_PREV_PIPELINE_STARTED: forSteps('When it began to run.', before(PIPELINE.CI_PIPELINE_STARTED)),
  CI_PREV_PIPELINE_FINISHED: forSteps('When it ended; absent while it runs.', ({ previous }) =>
    seconds(previous?.build.finishedAtMs ?? null),
  ),
  CI_PREV_PIPELINE_AUTHOR: forSteps('Account that caused it.', before(PIPELINE.CI_PIPELINE_AUTHOR)),
  CI_PREV_PIPELINE_AVATAR: forSteps(
    "Address of that account's picture.",
    before(PIPELINE.CI_PIPELINE_AVATAR),
  ),
} as const satisfies CiVariables;
