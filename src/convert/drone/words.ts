import { GO_YAML_2 } from '../go-value.ts';
import type { Dialect } from '../substitution.ts';
import type { ConditionWords } from '../woodpecker/conditions.ts';

const NO_DEPLOYMENT = { none: 'no event of the Git host asks for a deployment' };

export const DRONE_CONDITIONS: ConditionWords = {
  path: 'paths',
  areFiltersOfAll: true,
  events: {
    push: 'push',
    pull_request: 'pull_request',
    'pull-request': 'pull_request',
    tag: 'tag',
    custom: 'manual',
    promote: NO_DEPLOYMENT,
    promotion: NO_DEPLOYMENT,
    rollback: NO_DEPLOYMENT,
    deployment: NO_DEPLOYMENT,
    cron: 'cron',
  },
};

/** What Drone's variables are called here ("Reference" of its documentation of the environment). */
export const DRONE: Dialect = {
  yaml: GO_YAML_2,
  product: 'Drone',
  others: {
    DRONE_COMMIT_BEFORE: {
      how: 'it is the commit of the build before, where there was one',
      fix: 'Use `git merge-base` with the branch that it goes into.',
    },
    DRONE_BUILD_EVENT: {
      how: 'a build by hand is `manual`',
      fix: 'Compare it with that instead of `custom`.',
    },
  },
  own: /^(?:DRONE_|CI_)/,
  checkout: /\/drone\/src\b/,
  renamed: {
    DRONE_BRANCH: 'CI_COMMIT_BRANCH',
    DRONE_BUILD_NUMBER: 'CI_PIPELINE_NUMBER',
    DRONE_BUILD_EVENT: 'CI_PIPELINE_EVENT',
    DRONE_BUILD_LINK: 'CI_PIPELINE_URL',
    DRONE_BUILD_CREATED: 'CI_PIPELINE_CREATED',
    DRONE_BUILD_STARTED: 'CI_PIPELINE_STARTED',
    DRONE_BUILD_STATUS: 'CI_PIPELINE_STATUS',
    DRONE_BUILD_PARENT: 'CI_PIPELINE_PARENT',
    DRONE_BUILD_TRIGGER: 'CI_PIPELINE_AUTHOR',
    DRONE_COMMIT: 'CI_COMMIT_SHA',
    DRONE_COMMIT_SHA: 'CI_COMMIT_SHA',
    DRONE_COMMIT_AFTER: 'CI_COMMIT_SHA',
    DRONE_COMMIT_BEFORE: 'CI_PREV_COMMIT_SHA',
    DRONE_COMMIT_REF: 'CI_COMMIT_REF',
    DRONE_COMMIT_BRANCH: 'CI_COMMIT_BRANCH',
    DRONE_COMMIT_MESSAGE: 'CI_COMMIT_MESSAGE',
    DRONE_COMMIT_LINK: 'CI_PIPELINE_FORGE_URL',
    DRONE_COMMIT_AUTHOR: 'CI_PIPELINE_AUTHOR',
    DRONE_COMMIT_AUTHOR_NAME: 'CI_COMMIT_AUTHOR',
    DRONE_COMMIT_AUTHOR_EMAIL: 'CI_COMMIT_AUTHOR_EMAIL',
    DRONE_PULL_REQUEST: 'CI_COMMIT_PULL_REQUEST',
    DRONE_SOURCE_BRANCH: 'CI_COMMIT_SOURCE_BRANCH',
    DRONE_TARGET_BRANCH: 'CI_COMMIT_BRANCH',
    DRONE_TAG: 'CI_COMMIT_TAG',
    DRONE_REPO: 'CI_REPO',
    DRONE_REPO_NAME: 'CI_REPO_NAME',
    DRONE_REPO_OWNER: 'CI_REPO_OWNER',
    DRONE_REPO_NAMESPACE: 'CI_REPO_OWNER',
    DRONE_REPO_PRIVATE: 'CI_REPO_PRIVATE',
    DRONE_REPO_LINK: 'CI_REPO_URL',
    DRONE_REPO_BRANCH: 'CI_REPO_DEFAULT_BRANCH',
    DRONE_GIT_HTTP_URL: 'CI_REPO_CLONE_URL',
    DRONE_REMOTE_URL: 'CI_REPO_CLONE_URL',
    DRONE_SYSTEM_HOST: 'CI_SYSTEM_HOST',
    DRONE_SYSTEM_HOSTNAME: 'CI_SYSTEM_HOST',
    DRONE_SYSTEM_VERSION: 'CI_SYSTEM_VERSION',
    DRONE_STEP_NAME: 'CI_STEP_NAME',
    DRONE_STAGE_NAME: 'CI_WORKFLOW_NAME',
    DRONE_WORKSPACE: 'CI_WORKSPACE',
  },
};
