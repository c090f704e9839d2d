import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { DeliveryView } from '../../../src/core/views/delivery-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { ScheduleView } from '../../../src/core/views/project-view.ts';
import type { HostedRepository } from '../../support/git-host.ts';
import { pullRequestPayload, pushPayload } from '../../support/github-payloads.ts';
import { endOf } from '../../support/builds.ts';
import type { System } from '../../support/system.ts';
import { waitFor } from '../../support/wait.ts';
import type { Run } from './scenario.ts';

/** Makes the event of a run happen in the repository and tells the product of it, as GitHub would; returns the ended build. */
export async function happen(system: System, repository: HostedRepository, run: Run): Promise<BuildView> {
  const builds = await begin(system, repository, run);
  if (run.waits !== undefined) await cancelWaiting(system, builds, run.waits);
  const wanted = await Promise.all(builds.map((id) => system.api<BuildView>('GET', `/builds/${id}`)));
  const build = wanted.find(({ event }) => event === run.event);
  if (build === undefined) throw new Error(`no build of the event ${run.event}: ${JSON.stringify(wanted)}`);
  for (const { id } of wanted) await endOf(system, id, 100_000);
  return endOf(system, build.id);
}

async function cancelWaiting(system: System, builds: readonly string[], why: string): Promise<void> {
  for (const id of builds) {
    await waitFor(
      `the build waits: ${why}`,
      async () => (await system.api<BuildView>('GET', `/builds/${id}`)).waiting?.why.includes(why) === true,
      20_000,
    );
    await system.api('POST', `/builds/${id}/cancel`);
  }
}

async function begin(
  system: System,
  repository: HostedRepository,
  { event, branch, tag = 'v1', message, files, inputs }: Run,
): Promise<readonly string[]> {
  const before = event === 'push' ? tipOf(repository, branch) : undefined;
  const commit = repository.commit(files, message, { branch });
  const about = { repository: repository.fullName, commit, branch, message };
  switch (event) {
    case 'manual': {
      const target = `/projects/${encodeURIComponent(repository.fullName)}/builds`;
      return [(await system.api<{ id: string }>('POST', target, { branch, inputs })).id];
    }
    case 'cron':
      await deliver(system, 'push', pushPayload(about));
      return [await buildByClock(system, repository.fullName)];
    case 'push':
      return buildsOf(
        await deliver(system, 'push', pushPayload({ ...about, ...(before === undefined ? {} : { before }) })),
      );
    case 'tag':
      repository.git('tag', tag);
      repository.git('push', '--quiet', 'origin', `refs/tags/${tag}`);
      return buildsOf(await deliver(system, 'push', pushPayload({ ...about, tag })));
    case 'pull_request':
      repository.git('push', '--quiet', 'origin', 'HEAD:refs/pull/1/head');
      return buildsOf(await deliver(system, 'pull_request', pullRequestPayload(about)));
  }
}

/** The next build by the clock; there is no other one after it. */
async function buildByClock(system: System, project: string): Promise<string> {
  const path = `/projects/${encodeURIComponent(project)}/schedules`;
  return waitFor(
    'the clock makes a build',
    async () => {
      const { items } = await system.api<Page<ScheduleView>>('GET', path);
      const made = items.find(({ lastBuild }) => lastBuild !== null);
      if (made?.lastBuild == null) return null;
      await system.api('PATCH', `${path}/${encodeURIComponent(made.name)}`, { enabled: false });
      return made.lastBuild.id;
    },
    90_000,
  );
}

/** The branch's commit on the host; undefined while there is no such branch. */
function tipOf(repository: HostedRepository, branch: string): string | undefined {
  return repository.git('ls-remote', 'origin', `refs/heads/${branch}`).split('\t')[0] || undefined;
}

/** Sends a delivery and waits until it is worked on; returns what came of it. */
export async function deliver(
  system: System,
  event: string,
  payload: unknown,
  id?: string,
): Promise<DeliveryView> {
  const answer = await system.deliver(event, payload, id);
  const { delivery } = (await answer.json()) as { delivery?: string };
  if (delivery === undefined) throw new Error(`the delivery was answered ${answer.status}`);
  return waitFor(
    'the delivery is worked on',
    async () => {
      const view = await system.api<DeliveryView>('GET', `/deliveries/${delivery}`);
      return view.outcome === 'received' ? null : view;
    },
    30_000,
  );
}

function buildsOf(delivery: DeliveryView): readonly string[] {
  if (delivery.outcome !== 'built')
    throw new Error(`the delivery is ${delivery.outcome}: ${delivery.reason ?? 'no reason'}`);
  return delivery.buildIds;
}
