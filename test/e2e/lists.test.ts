import { once } from 'node:events';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import type { Page as ViewPage } from '../../src/core/views/page.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import { pushPayload } from '../support/github-payloads.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { isSamePage, markPage, openStage, shoot, type Stage } from './support/stage.ts';

let stage: Stage;
let repository: HostedRepository;

beforeAll(async () => {
  stage = await openStage();
  repository = await stage.world.addProject('shop/web', { 'README.md': 'shop\n' });
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

it('environments, projects and a project show what a push makes of them, without a reload', async () => {
  const [environments, projects] = [await stage.open('/environments'), await stage.open('/projects')];
  const project = await stage.open(await firstRow(projects));
  await environments.getByRole('heading', { name: 'No environments yet' }).waitFor();
  await projects.getByText('new', { exact: true }).waitFor();
  const pages = [environments, projects, project];
  for (const page of pages) await markPage(page);
  await endOf(
    stage.system,
    await push(stage.system, repository, appFiles('1'), { message: 'Ship version 1' }),
  );
  const row = (page: Page) => page.locator('.row').first();
  await row(environments).getByText('live', { exact: true }).waitFor();
  await row(projects).getByText('success').waitFor();
  await row(projects).getByText('#1').waitFor();
  await row(project).getByText('Ship version 1').waitFor();
  await row(project).getByText('success', { exact: true }).waitFor();
  await row(project).getByText('production success').waitFor();

  // What is there already changes too.
  await endOf(
    stage.system,
    await push(stage.system, repository, appFiles('2'), { message: 'Ship version 2' }),
  );
  await row(environments).getByText('#2').waitFor();
  await row(project).getByText('Ship version 2').waitFor();
  for (const page of pages) expect(await isSamePage(page)).toBe(true);
});

it('a project that another adds appears with its first build', async () => {
  const projects = await stage.open('/projects');
  await projects.getByRole('link', { name: /shop\/web/ }).waitFor();
  await markPage(projects);
  const other = await stage.world.addProject('shop/later', { 'README.md': 'later\n' });
  await push(stage.system, other, { 'slipway.yml': 'steps: [{}]\n' });
  await projects.getByRole('link', { name: /shop\/later #1/ }).waitFor();
  expect(await isSamePage(projects)).toBe(true);
});

it('a delivery shows what its replay led to, without a reload', async () => {
  const other = stage.world.host.create('other/thing');
  const commit = other.commit({ 'slipway.yml': 'steps: [{}]\n' }, 'Begin');
  const payload = pushPayload({ repository: 'other/thing', commit, message: 'Begin' });
  expect((await stage.system.deliver('push', payload)).status).toBe(202);
  const list = await stage.open('/deliveries');
  const row = list.getByRole('listitem').filter({ hasText: 'other/thing' });
  await row.getByText('ignored').waitFor();
  await row.getByRole('link').click();
  await list.locator('.title').getByText('ignored').waitFor();
  await stage.system.api('POST', '/projects', { cloneUrl: other.cloneUrl });
  await markPage(list);
  await list.getByRole('button', { name: 'Replay' }).click();
  await list.locator('.title').getByText('built').waitFor();
  const build = list.getByRole('list', { name: 'Builds' }).getByRole('listitem');
  await build.getByText('failure').waitFor();
  expect(await isSamePage(list)).toBe(true);
  expect(await list.getByRole('button', { name: 'Replay' }).count()).toBe(0);
  await build.getByRole('link', { name: /other\/thing #1 Begin/ }).click();
  await list.getByRole('heading', { name: /other\/thing #1/ }).waitFor();
});

it('older deliveries and builds are a page further, each once, and a new one comes on top meanwhile', async () => {
  for (let n = 0; n < 60; n++) await stage.system.deliver('ping', { zen: `${n}` });
  const broken = await stage.world.addProject('shop/broken', { 'slipway.yml': 'steps: [{}]\n' });
  for (let n = 0; n < 55; n++)
    await stage.system.api('POST', '/projects/shop%2Fbroken/builds', { branch: 'main' });
  const deliveries = await stage.open('/deliveries');
  await expectOlder(deliveries, 'Older deliveries', () => stage.system.deliver('ping', { zen: 'on top' }));
  const { items } = await stage.system.api<ViewPage<DeliveryView>>('GET', '/deliveries?limit=200');
  expect(await links(deliveries)).toEqual(items.map(({ id }) => `/deliveries/${id}`));
  const builds = await stage.open('/?project=shop%2Fbroken');
  await builds.getByRole('heading', { name: 'Builds of shop/broken' }).waitFor();
  await expectOlder(builds, 'Older builds', () =>
    push(stage.system, broken, { 'a.txt': 'a\n' }, { message: 'Come last' }),
  );
  expect(await links(builds)).toHaveLength(56);
});

it('the form takes the address of a repository by SSH, and says what the repository or the server answered', async () => {
  const page = await stage.open('/projects');
  const add = async (address: string, answer: RegExp): Promise<void> => {
    await page.getByLabel('Git URL').fill(address);
    await page.getByRole('button', { name: 'Add project' }).click();
    await page.locator('form').getByRole('alert').filter({ hasText: answer }).waitFor();
  };
  await add('git@127.0.0.1:shop/by-ssh.git', /ssh:\/\/git@127\.0\.0\.1\/shop\/by-ssh\.git/);
  await shoot(page, 'add-project-by-ssh');
  await add('owner/name', /is no https, http or ssh address of a repository/);
  await add(repository.cloneUrl, /There is already a project/);
});

it('while the disk is below its mark all pages say that no build is started, and the waiting build says why', async () => {
  const why = /No build is started: the server's disk has less than .* free\./;
  const step = { name: 'unit', image: 'slipway-test/busybox:1', commands: ['true'] };
  const patient = await stage.world.addProject('shop/patient', {
    'slipway.yml': JSON.stringify({ steps: [step] }),
  });
  await restartServer({ SLIPWAY_DISK_LOW: '1000T' });
  const waiting = await push(stage.system, patient, {}, { message: 'Wait for room' });
  for (const scheme of ['light', 'dark'] as const) {
    const page = await stage.open('/', { scheme, width: 390 });
    await page.getByRole('status').getByText(why).waitFor();
    await page.getByRole('link', { name: /Wait for room/ }).waitFor();
    await shoot(page, `disk-low-${scheme}`);
    await page.goto(`/builds/${waiting}`);
    await page.getByRole('status').getByText(why).waitFor();
    await page.getByText(/Place \d+ in the queue: the server's disk has less than .* free/).waitFor();
    await shoot(page, `disk-low-build-${scheme}`);
  }
  await restartServer();
  const page = await stage.open('/');
  expect((await endOf(stage.system, waiting)).status).toBe('success');
  await page.getByRole('link', { name: /Wait for room/ }).waitFor();
  expect(await page.getByText(why).count()).toBe(0);
});

async function restartServer(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { system } = stage;
  const ended = system.server === null ? null : once(system.server, 'exit');
  system.server?.kill('SIGTERM');
  await ended;
  await system.startServer(env);
}

/** Holds that the list has 50, that one more comes on top by itself, and that the button adds what is older. */
async function expectOlder(page: Page, name: string, addOne: () => Promise<unknown>): Promise<void> {
  await page.getByRole('button', { name }).waitFor();
  const before = await links(page);
  expect(before).toHaveLength(50);
  await addOne();
  await expect.poll(async () => (await links(page)).length, { timeout: 30_000 }).toBe(51);
  await page.getByRole('button', { name }).click();
  await page.getByRole('button', { name }).waitFor({ state: 'detached' });
  const after = await links(page);
  expect(after.slice(1, 51)).toEqual(before);
  expect(new Set(after).size).toBe(after.length);
}

function links(page: Page): Promise<string[]> {
  return page
    .locator('a.row-main')
    .evaluateAll((found) => found.map((link) => link.getAttribute('href') ?? ''));
}

async function firstRow(page: Page): Promise<string> {
  return (await page.locator('a.row-main').first().getAttribute('href')) ?? '';
}
