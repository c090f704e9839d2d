import { isEnd } from '../../src/core/status.ts';
import type { BuildSummary, BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { HostedRepository } from './git-host.ts';
import { pushPayload } from './github-payloads.ts';
import { until, type System } from './system.ts';

/** Commits files, delivers the push, and returns the build's id once intake has made it. */
export async function push(
  system: System,
  repository: HostedRepository,
  files: Readonly<Record<string, string | null>>,
  options: { branch?: string; message?: string } = {},
): Promise<string> {
  const branch = options.branch ?? 'main';
  const commit = repository.commit(files, options.message ?? 'a change', { branch });
  const payload = pushPayload({
    repository: repository.fullName,
    commit,
    branch,
    message: options.message ?? 'a change',
  });
  const answer = await system.deliver('push', payload);
  if (answer.status !== 202) throw new Error(`the delivery was answered ${answer.status}`);
  let id: string | undefined;
  await until(async () => {
    const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
    id = items.find((item) => item.commit === commit)?.id;
    return id !== undefined;
  }, 'the push is a build');
  return id ?? '';
}

/** Waits until the build and its deployments have ended. */
export async function endOf(system: System, buildId: string, limitMs = 60_000): Promise<BuildView> {
  let build: BuildView | undefined;
  await until(
    async () => {
      build = await system.api<BuildView>('GET', `/builds/${buildId}`);
      return isEnd(build.status) && build.deployments.every((deployment) => isEnd(deployment.status));
    },
    'the build ends',
    limitMs,
    // An end stays.
    300,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${JSON.stringify(build, null, 1)}\n${await system.logs()}`);
  });
  if (build === undefined) throw new Error('no build');
  return build;
}
