import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { BuildSummary } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { endOf } from '../support/builds.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { deletionPayload, pullRequestPayload, pushPayload } from '../support/github-payloads.ts';
import { deliver } from './support/happen.ts';
import { logOf, rowsOf } from './support/read-build.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

describe.concurrent('a push and a pull request of one commit', () => {
  it('are one build when the push comes first', async ({ expect }) => {
    const repository = await project('one/push-first');
    const about = commitOn(repository, 'topic');
    const first = await deliver(world.system, 'push', pushPayload(about));
    const second = await deliver(world.system, 'pull_request', pullRequestPayload(about));
    expect(second.buildIds).toEqual(first.buildIds);
    expect(second.reason).toBe('its push had this commit built');
    expect(await buildsOf(repository)).toHaveLength(1);
    expect((await endOf(world.system, first.buildIds[0] ?? '')).status).toBe('success');
  });

  it('are one build when the pull request comes first', async ({ expect }) => {
    const repository = await project('one/request-first');
    const about = commitOn(repository, 'topic');
    const first = await deliver(world.system, 'pull_request', pullRequestPayload(about));
    const second = await deliver(world.system, 'push', pushPayload(about));
    expect(second.buildIds).toEqual(first.buildIds);
    expect((await buildsOf(repository)).map(({ event }) => event)).toEqual(['push']);
  });
});

describe.concurrent('a pull request', () => {
  it('of a fork is blocked with the reason, and nothing of it runs', async ({ expect }) => {
    const repository = await project('fork/blocked');
    const about = { ...commitOn(repository, 'topic'), head: 'mallory/blocked' };
    const delivery = await deliver(world.system, 'pull_request', pullRequestPayload(about));
    const reason = 'the pull request comes from the fork mallory/blocked; builds of forks do not run yet';
    expect(delivery).toMatchObject({ outcome: 'blocked', reason });
    await endOfAnother(repository);
    const build = (await buildsOf(repository)).find(({ event }) => event === 'pull_request');
    expect(build).toMatchObject({ status: 'blocked', reason, startedAtMs: null });
    await world.system.api('POST', `/builds/${build?.id ?? ''}/rerun`);
    await endOfAnother(repository);
    const all = (await buildsOf(repository)).filter(({ event }) => event === 'pull_request');
    expect(all.map(({ status, startedAtMs }) => [status, startedAtMs])).toEqual([
      ['blocked', null],
      ['cancelled', null],
    ]);
  });

  it('that moves on has the build of its older commit cancelled', async ({ expect }) => {
    const repository = await project('moving/on', 'sleep 60');
    const old = commitOn(repository, 'topic');
    const first = await deliver(world.system, 'pull_request', pullRequestPayload(old));
    await untilSaid(world.system, first.buildIds[0] ?? '', 'work', '+ sleep 60');
    const commit = repository.commit({ 'slipway.yml': file('echo quick') }, 'better', { branch: 'topic' });
    const next = await deliver(world.system, 'pull_request', pullRequestPayload({ ...old, commit }));
    const build = await endOf(world.system, first.buildIds[0] ?? '');
    expect(build.status).toBe('cancelled');
    expect(build.reason).toBe(`superseded: pull request #1 is at ${commit.slice(0, 10)}`);
    expect((await endOf(world.system, next.buildIds[0] ?? '')).status).toBe('success');
  });
});

describe.concurrent('a delivery', () => {
  it('that comes twice is one build, and its answer links to it', async ({ expect }) => {
    const repository = await project('twice/delivered');
    const payload = pushPayload(commitOn(repository, 'main'));
    const id = randomUUID();
    const [one, two] = await Promise.all([
      world.system.deliver('push', payload, id),
      world.system.deliver('push', payload, id),
    ]);
    expect([one.status, two.status]).toSatisfy((codes: number[]) => codes.every((code) => code < 203));
    await endOfAnother(repository);
    const third = await world.system.deliver('push', payload, id);
    expect(third.status).toBe(200);
    const [build, ...more] = (await buildsOf(repository)).filter(({ event }) => event === 'push');
    expect(more).toEqual([]);
    expect(await third.json()).toMatchObject({ outcome: 'built', builds: [{ id: build?.id }] });
  });

  it('whose commit message asks for no build leads to none', async ({ expect }) => {
    const repository = await project('skip/ci');
    const message = 'tidy up [skip ci]';
    const commit = repository.commit({}, message);
    const delivery = await deliver(
      world.system,
      'push',
      pushPayload({ repository: 'skip/ci', commit, message }),
    );
    expect(delivery).toMatchObject({ outcome: 'ignored', reason: 'the commit message says [skip ci]' });
    expect(await buildsOf(repository)).toEqual([]);
  });

  it('of a deleted branch, an unknown repository or another event is kept, with why nothing came of it', async ({
    expect,
  }) => {
    const repository = await project('nothing/built');
    const { commit } = commitOn(repository, 'main');
    const told = async (event: string, payload: unknown): Promise<string | null> => {
      const { outcome, reason } = await deliver(world.system, event, payload);
      expect(outcome).toBe('ignored');
      return reason;
    };
    expect(await told('push', deletionPayload('nothing/built', 'gone'))).toBe('the branch gone was deleted');
    expect(await told('push', pushPayload({ repository: 'who/knows', commit }))).toContain(
      'no project builds who/knows',
    );
    expect(await told('star', { action: 'created', repository: { full_name: 'nothing/built' } })).toBe(
      'nothing is built for the event star',
    );
    expect(await told('push', { repository: { full_name: 'nothing/built' }, ref: 7 })).toContain('ref');
    expect(await buildsOf(repository)).toEqual([]);
  });
});

describe.concurrent('a build', () => {
  it('is run now on a branch, at the newest commit that nobody told of', async ({ expect }) => {
    const repository = await project('run/now');
    const commit = repository.commit({ new: 'file' }, 'untold', { branch: 'quiet/branch' });
    const target = `/projects/${encodeURIComponent('run/now')}/builds`;
    const { id } = await world.system.api<{ id: string }>('POST', target, { branch: 'quiet/branch' });
    expect(await endOf(world.system, id)).toMatchObject({
      status: 'success',
      event: 'manual',
      refName: 'quiet/branch',
      commit,
    });
    await expect(world.system.api('POST', target, { branch: 'nowhere' })).rejects.toThrow(/404|nowhere/);
  });

  it('is run again at its commit, with the plan it had, as a build of its own', async ({ expect }) => {
    const repository = await project('run/again', 'echo "parent $CI_PIPELINE_PARENT"; exit 3');
    const { commit } = commitOn(repository, 'main');
    const delivery = await deliver(world.system, 'push', pushPayload({ repository: 'run/again', commit }));
    const first = await endOf(world.system, delivery.buildIds[0] ?? '');
    repository.commit({ 'slipway.yml': file('echo fixed') });
    const { id } = await world.system.api<{ id: string }>('POST', `/builds/${first.id}/rerun`);
    const second = await endOf(world.system, id);
    expect(second).toMatchObject({
      status: 'failure',
      commit,
      rerunOf: first.id,
      number: first.number + 1,
      reason: 'step work: exit code 3',
    });
    expect(await logOf(world.system, second, 'work')).toContain(`parent ${first.number}`);
    expect(rowsOf(second).map(({ id: row }) => row)).not.toEqual(rowsOf(first).map(({ id: row }) => row));
  });
});

function file(command: string): string {
  return `steps:\n  - { name: work, image: "slipway-test/busybox:1", commands: ${JSON.stringify(command)} }\n`;
}

function project(name: string, command = 'echo done'): Promise<HostedRepository> {
  return world.addProject(name, { 'slipway.yml': file(command) }, { token: 'of-this-project-alone' });
}

function commitOn(repository: HostedRepository, branch: string) {
  const commit = repository.commit({ [`${randomUUID()}.txt`]: 'new' }, 'a change', { branch });
  return { repository: repository.fullName, commit, branch };
}

async function buildsOf(repository: HostedRepository): Promise<readonly BuildSummary[]> {
  const page = await world.system.api<Page<BuildSummary>>('GET', '/builds?limit=100');
  return page.items.filter(({ projectPath }) => projectPath === repository.fullName);
}

/** When a build made now has ended, whatever came before it would have begun. */
async function endOfAnother(repository: HostedRepository): Promise<void> {
  const target = `/projects/${encodeURIComponent(repository.fullName)}/builds`;
  const { id } = await world.system.api<{ id: string }>('POST', target, { branch: 'main' });
  await endOf(world.system, id);
}
