const NO_RELEASES = 'No build is made for a release that is published on the Git host.';
const NO_DEPLOYMENT_EVENTS =
  'Deployments are made by `deploy` of the file after the steps; no event of the Git host asks for one.';
const NO_METADATA_EVENTS =
  'A pull request is built for its commits only, not for changes of its labels or its title.';
const INTERNAL = 'Internal in Woodpecker; what opens the repository never reaches a step.';

/** Variables that Woodpecker documents and Slipway does not set, each with the reason. */
export const UNSET_VARIABLES: Readonly<Record<string, string>> = {
  CI_COMMIT_PRERELEASE: NO_RELEASES,
  CI_PIPELINE_RELEASE_TITLE: NO_RELEASES,
  CI_PIPELINE_RELEASE_PRE: NO_RELEASES,
  CI_PIPELINE_DEPLOY_TARGET: NO_DEPLOYMENT_EVENTS,
  CI_PIPELINE_DEPLOY_TASK: NO_DEPLOYMENT_EVENTS,
  CI_PREV_PIPELINE_DEPLOY_TARGET: NO_DEPLOYMENT_EVENTS,
  CI_PREV_PIPELINE_DEPLOY_TASK: NO_DEPLOYMENT_EVENTS,
  CI_PIPELINE_EVENT_REASON: NO_METADATA_EVENTS,
  CI_PREV_PIPELINE_EVENT_REASON: NO_METADATA_EVENTS,
  CI_SCRIPT: 'Internal in Woodpecker; commands are no file of the workspace.',
  CI_NETRC_USERNAME: INTERNAL,
  CI_NETRC_PASSWORD: INTERNAL,
  CI_NETRC_MACHINE: INTERNAL,
};
