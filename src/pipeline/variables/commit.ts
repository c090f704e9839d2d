import { branchOf, refOf } from '../../core/event.ts';
import type { PullRequestEvent } from '../../core/event.ts';
import { slugOf } from '../slug.ts';
import { forSteps, forValues, seconds } from './ci-variable.ts';
import type { CiVariable, CiVariables } from './ci-variable.ts';

const ofPull =
  (of: (event: PullRequestEvent) => string | null): CiVariable['of'] =>
  ({ event }) =>
    event.kind === 'pull_request' ? of(event) : null;

export const COMMIT_VARIABLES = {
  CI_COMMIT_SHA: forValues('The commit, 40 digits.', ({ event }) => event.commit),
  CI_COMMIT_REF: forValues('Its Git ref, e.g. `refs/heads/main`.', ({ event }) => refOf(event)),
  CI_COMMIT_REFSPEC: forValues(
    '`<source>:<target>` of a pull request.',
    ofPull(({ sourceBranch, targetBranch }) => `${sourceBranch}:${targetBranch}`),
  ),
  CI_COMMIT_BRANCH: forValues(
    'The branch; the target branch of a pull request; none for tags.',
    ({ event }) => branchOf(event),
  ),
  CI_COMMIT_BRANCH_SLUG: forValues(
    'The branch that holds the commit (of a pull request its source) as a valid tag. Not in Woodpecker.',
    ({ event }) => {
      const branch = event.kind === 'pull_request' ? event.sourceBranch : branchOf(event);
      return branch === null ? null : slugOf(branch);
    },
  ),
  CI_COMMIT_SOURCE_BRANCH: forValues(
    'Source branch of a pull request.',
    ofPull((pull) => pull.sourceBranch),
  ),
  CI_COMMIT_TARGET_BRANCH: forValues(
    'Target branch of a pull request.',
    ofPull((pull) => pull.targetBranch),
  ),
  CI_COMMIT_TAG: forValues('The tag.', ({ event }) => (event.kind === 'tag' ? event.tag : null)),
  CI_COMMIT_PULL_REQUEST: forValues(
    'Number of the pull request.',
    ofPull((pull) => String(pull.number)),
  ),
  CI_COMMIT_PULL_REQUEST_LABELS: forValues(
    'Its labels, separated by commas.',
    ofPull((pull) => pull.labels.join(',')),
  ),
  CI_COMMIT_PULL_REQUEST_MILESTONE: forSteps(
    'Title of its milestone.',
    ofPull((pull) => pull.milestone),
  ),
  CI_COMMIT_PULL_REQUEST_DRAFT: forSteps(
    'Whether it is a draft: `true` or `false`.',
    ofPull((pull) => (pull.isDraft === null ? null : String(pull.isDraft))),
  ),
  CI_COMMIT_MESSAGE: forValues("The commit's message.", ({ event }) => event.message),
  CI_COMMIT_TIMESTAMP: forSteps(
    "When it was made, by its committer's clock, in seconds since 1970.",
    ({ event }) => seconds(event.committedAtMs),
  ),
  CI_COMMIT_AUTHOR: forValues('Name of its author.', ({ event }) => event.author.name),
  CI_COMMIT_AUTHOR_EMAIL: forValues('Mail address of its author.', ({ event }) => event.author.email),
} as const satisfies CiVariables;
