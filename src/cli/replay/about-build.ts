import type { ReplayView } from '../../core/views/replay-view.ts';

/**
 * What names the caches of a build's replays: its server and project, and the branch, tag or pull request, whose commits
 * decide what is in them.
 */
export function replayCaches(server: string, { projectPath, clone, pullRequest }: ReplayView): string {
  const pull = pullRequest == null ? [] : [pullRequest.isTrusted ? 'pull request' : 'fork'];
  return `replay of ${JSON.stringify([new URL(server).href, projectPath, clone.ref, ...pull])}`;
}

/** Whether the server gave it neither secrets nor logins, so that its replay gets none either. */
export function isWithheld({ pullRequest }: ReplayView): boolean {
  return pullRequest?.isTrusted === false;
}

/** What of a build a person may not expect of its replay. */
export function aboutBuild(view: ReplayView): readonly string[] {
  const { pullRequest, failedPartOf } = view;
  return [
    ...(isWithheld(view)
      ? [`Pull request ${pullRequest?.number} is from a fork: it has no secrets and no logins here either.`]
      : []),
    ...(typeof failedPartOf === 'number'
      ? [`It ran only what had failed of #${failedPartOf}: here all of its plan runs.`]
      : []),
  ];
}
