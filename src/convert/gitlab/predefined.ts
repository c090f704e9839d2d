import type { OtherValue } from '../other-value.ts';

/** What GitLab's predefined variables are called here ("Predefined CI/CD variables reference" of its documentation). */
export const RENAMED: Readonly<Record<string, string>> = {
  CI: 'CI',
  CI_BUILDS_DIR: 'CI_WORKSPACE',
  CI_PROJECT_DIR: 'CI_WORKSPACE',
  CI_COMMIT_SHA: 'CI_COMMIT_SHA',
  CI_COMMIT_TAG: 'CI_COMMIT_TAG',
  CI_COMMIT_MESSAGE: 'CI_COMMIT_MESSAGE',
  CI_COMMIT_BEFORE_SHA: 'CI_PREV_COMMIT_SHA',
  CI_DEFAULT_BRANCH: 'CI_REPO_DEFAULT_BRANCH',
  CI_PROJECT_NAME: 'CI_REPO_NAME',
  CI_PROJECT_PATH: 'CI_REPO',
  CI_PROJECT_NAMESPACE: 'CI_REPO_OWNER',
  CI_PROJECT_ROOT_NAMESPACE: 'CI_REPO_OWNER',
  CI_PROJECT_URL: 'CI_REPO_URL',
  CI_REPOSITORY_URL: 'CI_REPO_CLONE_URL',
  CI_PIPELINE_ID: 'CI_PIPELINE_NUMBER',
  CI_PIPELINE_IID: 'CI_PIPELINE_NUMBER',
  CI_PIPELINE_URL: 'CI_PIPELINE_URL',
  CI_PIPELINE_CREATED_AT: 'CI_PIPELINE_CREATED',
  CI_JOB_NAME: 'CI_STEP_NAME',
  CI_JOB_URL: 'CI_STEP_URL',
  CI_JOB_ID: 'CI_PIPELINE_NUMBER',
  CI_MERGE_REQUEST_IID: 'CI_COMMIT_PULL_REQUEST',
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'CI_COMMIT_SOURCE_BRANCH',
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'CI_COMMIT_TARGET_BRANCH',
  CI_SERVER_URL: 'CI_FORGE_URL',
  GITLAB_USER_LOGIN: 'CI_PIPELINE_AUTHOR',
};

/** Those that are a form of ours, under a name that a step may set. */
export const FORMS: Readonly<Record<string, readonly [string, string]>> = {
  CI_COMMIT_SHORT_SHA: ['COMMIT_SHORT_SHA', '${CI_COMMIT_SHA:0:8}'],
  // Of a pull request it is empty there, and the branch that it goes into here.
  CI_COMMIT_BRANCH: ['COMMIT_BRANCH', '${CI_COMMIT_BRANCH#${CI_COMMIT_TARGET_BRANCH}}'],
  CI_COMMIT_REF_NAME: [
    'COMMIT_REF_NAME',
    '${CI_COMMIT_TAG:-${CI_COMMIT_SOURCE_BRANCH:-${CI_COMMIT_BRANCH}}}',
  ],
  CI_COMMIT_REF_SLUG: ['COMMIT_REF_SLUG', '${CI_COMMIT_BRANCH_SLUG:-${CI_COMMIT_TAG}}'],
  CI_COMMIT_TITLE: ['COMMIT_TITLE', '${CI_COMMIT_MESSAGE%%\n*}'],
  CI_COMMIT_AUTHOR: ['COMMIT_AUTHOR', '${CI_COMMIT_AUTHOR} <${CI_COMMIT_AUTHOR_EMAIL}>'],
};

const BEGINS_ANEW = 'Look where it is used: what is named by it there begins anew.';

/** Those whose values may be others here. */
export const OTHER_VALUES: Readonly<Record<string, OtherValue>> = {
  CI_BUILDS_DIR: { how: 'it is the workspace itself', fix: 'Use a folder in `/tmp`.' },
  CI_COMMIT_BEFORE_SHA: {
    how: 'it is the commit of the build before, where there was one',
    fix: 'Use `git merge-base` with the branch that it goes into.',
  },
  CI_COMMIT_REF_SLUG: {
    how: 'it keeps `.` and `_`, and a tag as it is',
    fix: 'Look where it is used: in a name of a host both are to be replaced.',
  },
  CI_REPOSITORY_URL: { how: 'it has no token in it', fix: 'Write a token as a secret.' },
  CI_PIPELINE_CREATED_AT: { how: 'it is in seconds since 1970', fix: 'Use `date -u -Iseconds -d @…`.' },
  CI_PIPELINE_ID: { how: 'it is the number of the build, which another project has, too', fix: BEGINS_ANEW },
  CI_PIPELINE_IID: { how: 'it is the number of the build', fix: BEGINS_ANEW },
  CI_JOB_ID: { how: 'it is the number of the build, the same in all jobs', fix: 'Add the name of the job.' },
};
