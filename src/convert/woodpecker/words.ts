import { GO_YAML_4 } from '../go-value.ts';
import type { Dialect } from '../substitution.ts';
import type { ConditionWords } from './conditions.ts';

const NO_DEPLOYMENT = { none: 'no event of the Git host asks for a deployment' };

export const WOODPECKER_CONDITIONS: ConditionWords = {
  path: 'path',
  areFiltersOfAll: false,
  events: {
    push: 'push',
    pull_request: 'pull_request',
    tag: 'tag',
    manual: 'manual',
    pull_request_closed: { none: 'no build is made for a pull request that is closed' },
    pull_request_metadata: { none: 'no build is made for changes of labels or titles' },
    release: { none: 'no build is made for a release; its tag is an event' },
    cron: 'cron',
    deployment: NO_DEPLOYMENT,
  },
};

/** Names of before Woodpecker 1.0, which its old files use ("Migrations" of its documentation). */
export const WOODPECKER: Dialect = {
  yaml: GO_YAML_4,
  product: 'Woodpecker',
  others: {},
  own: /^CI_/,
  checkout: /\/woodpecker\/src\b/,
  renamed: {
    CI_BUILD_NUMBER: 'CI_PIPELINE_NUMBER',
    CI_BUILD_EVENT: 'CI_PIPELINE_EVENT',
    CI_BUILD_LINK: 'CI_PIPELINE_URL',
    CI_BUILD_CREATED: 'CI_PIPELINE_CREATED',
    CI_BUILD_PARENT: 'CI_PIPELINE_PARENT',
    CI_PREV_BUILD_NUMBER: 'CI_PREV_PIPELINE_NUMBER',
    CI_REPO_LINK: 'CI_REPO_URL',
    CI_REPO_REMOTE: 'CI_REPO_CLONE_URL',
    CI_COMMIT_LINK: 'CI_PIPELINE_FORGE_URL',
    CI_COMMIT_URL: 'CI_PIPELINE_FORGE_URL',
    CI_SYSTEM_LINK: 'CI_SYSTEM_URL',
  },
};
