export { readBuild } from './build.ts';
export { readBuildSummary, readBuilds } from './build-summaries.ts';
