import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import { listApps, volumeName } from '../../worker/deploy/app-container.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { testParts } from '../support/parts.ts';
import { until } from '../support/system.ts';
import { focused, isSamePage, markPage, openStage, shoot, type Stage } from './support/stage.ts';

const HOST = 'app.example.com';

let stage: Stage;
let repository: HostedRepository;
let first: BuildView;
let second: BuildView;
let address: string;

beforeAll(async () => {
  stage = await openStage();
  repository = await stage.world.addProject('shop/web', { 'README.md': 'shop\n' });
  first = await ship('1');
  second = await ship('2');
  address = `/environments/${second.deployments[0]?.environmentId ?? ''}`;
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

it('has its slots by role, blue live and green beside it, each with the digest that was pushed', async () => {
  const page = await stage.open(address);
  await slot(page, 'live').waitFor();
  expect(await page.getByRole('list', { name: 'Slots' }).getByRole('heading').allTextContents()).toEqual([
    'Live blue',
    'Standby green',
    'Empty ',
  ]);
  expect(await digestOf(page, 'live')).toBe(second.pushed?.digest);
  expect(await digestOf(page, 'standby')).toBe(first.pushed?.digest);
  expect(first.pushed?.digest).not.toBe(second.pushed?.digest);
  await shoot(page, 'environment-1440-light');
});

it('shows the log of an app and of a deployment, as the server has them, by an address that opens them again', async () => {
  const page = await stage.open(address);
  await slot(page, 'live').getByRole('button', { name: 'App log' }).click();
  await page.getByRole('region', { name: `Log of App of build #${second.number}` }).waitFor();
  await page.getByRole('log').getByText('app 2 begins').waitFor();
  await page.reload();
  await page.getByRole('log').getByText('app 2 begins').waitFor();
  await slot(page, 'live').getByRole('button', { name: 'App log' }).click();
  await page.getByRole('log').waitFor({ state: 'detached' });

  const deployed = history(page).filter({ hasText: `deployed build #${first.number}` });
  await deployed.getByRole('button', { name: 'Log' }).click();
  await page.getByRole('region', { name: `Log of Deployment of build #${first.number}` }).waitFor();
  const raw = await (await page.request.get(`/api/v1/logs/${first.deployments[0]?.logId ?? ''}/raw`)).text();
  expect(raw.split('\n').length).toBeGreaterThan(3);
  await expect.poll(() => page.locator('.log-text').allTextContents()).toEqual(raw.trimEnd().split('\n'));
});

it('rolls back only after the question is answered, all by keyboard, and shows it without a reload', async () => {
  const page = await stage.open(address);
  await page.getByRole('button', { name: 'Roll back' }).focus();
  await markPage(page);
  await page.keyboard.press('Enter');
  expect(await page.getByRole('alertdialog').getAttribute('aria-label')).toMatch(
    /^Put build #1 .* back into production\?$/,
  );
  await expectFocus(page, 'No');
  expect(await page.locator('.actions .hint').textContent()).toMatch(/^Build #1 \(\w+\) .*\.$/);
  await shoot(page, 'environment-question-1440-light');
  await page.keyboard.press('Escape');
  await expectFocus(page, 'Roll back');
  await page.keyboard.press('Enter');
  await expectFocus(page, 'No');
  await page.keyboard.press('Enter');
  await expectFocus(page, 'Roll back');
  expect((await stage.system.ask(HOST)).text).toBe('version 2\n');

  await page.keyboard.press('Enter');
  await expectFocus(page, 'No');
  await page.keyboard.press('Shift+Tab');
  await expectFocus(page, 'Yes, Roll back');
  await page.keyboard.press('Enter');
  await until(async () => (await stage.system.ask(HOST)).text === 'version 1\n', 'version 1 is back');
  await history(page).filter({ hasText: 'rolled back to build #1' }).getByText('success').waitFor();
  await expect.poll(() => digestOf(page, 'live')).toBe(first.pushed?.digest);
  expect(await digestOf(page, 'standby')).toBe(second.pushed?.digest);
  expect(await isSamePage(page)).toBe(true);
});

it('tells of every fail-over: the live app is killed, the standby answers, and the page says so by itself', async () => {
  const page = await stage.open(address);
  await slot(page, 'live').waitFor();
  await markPage(page);
  const { live, slots } = await stage.system.api<EnvironmentView>('GET', address);
  const number = live?.buildNumber ?? 0;
  const standby = slots.find(({ role }) => role === 'standby')?.buildNumber ?? 0;
  const before = await history(page).count();
  const { engine, app } = await liveApp();
  await engine.killContainer(app);
  const row = history(page).filter({ hasText: 'fail-over' });
  const answered: string[] = [];
  await until(
    async () => {
      const { status, text } = await stage.system.ask(HOST);
      answered.push(`${status} ${text.trim()}`);
      return (await row.count()) > 0;
    },
    'the fail-over is on the page',
    20_000,
  );
  expect(new Set(answered)).toEqual(new Set([`200 version ${standby}`]));
  expect(await row.textContent()).toMatch(
    new RegExp(`the standby answered [\\d,]+ requests? instead of build #${number}`),
  );
  await history(page)
    .filter({ hasText: 'live down' })
    .getByText(`build #${number} stopped answering the router`)
    .waitFor();
  // An engine starts again what ended, but not what was killed through itself.
  await engine.docker.getContainer(app).start();
  engine.close();
  await history(page)
    .filter({ hasText: 'live up' })
    .getByText(`build #${number} answers the router again`)
    .waitFor();
  expect(await history(page).count()).toBeGreaterThanOrEqual(before + 3);
  expect((await stage.system.ask(HOST)).text).toBe(`version ${number}\n`);
  const { events } = await stage.system.api<EnvironmentView>('GET', address);
  const counted = events
    .filter(({ type }) => type === 'failover')
    .reduce((sum, { requests }) => sum + requests, 0);
  expect(counted).toBe(answered.length);
  expect(await isSamePage(page)).toBe(true);
  await shoot(page, 'environment-failover-1440-light');
});

it('is removed behind a question that names the volumes, all by keyboard, and the page leaves when it is gone', async () => {
  // Its own, as is its version: what is gone would be missing where this is tried again, and an image that the others
  // use is waited for.
  const name = `shop/going-${randomUUID().slice(0, 8)}`;
  const host = `${name.replace('/', '-')}.example.com`;
  const { deployments } = await ship(
    '1',
    await stage.world.addProject(name, { 'README.md': 'shop\n' }),
    host,
  );
  const environment = deployments[0]?.environmentId ?? '';
  const page = await stage.open(`/environments/${environment}`, { width: 390, scheme: 'dark' });
  const card = page.getByRole('region', { name: 'Removal' });
  await card.getByRole('checkbox', { name: 'cache' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  expect(await card.getByRole('checkbox', { name: 'uploads' }).isChecked()).toBe(true);
  await page.keyboard.press('Tab');
  await expectFocus(page, 'Remove environment');
  await page.keyboard.press('Enter');
  expect(await page.getByRole('alertdialog').getAttribute('aria-label')).toBe(
    `Remove production of ${name}? What is in uploads is lost.`,
  );
  await expectFocus(page, 'No');
  await card.scrollIntoViewIfNeeded();
  await shoot(page, 'environment-removal-390-dark');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.keyboard.press('Escape');
  await expectFocus(page, 'Remove environment');
  expect((await stage.system.ask(host)).status).toBe(200);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Shift+Tab');
  await expectFocus(page, 'Yes, Remove environment');
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Being removed').waitFor();
  expect(await card.count()).toBe(0);
  await page.getByRole('heading', { name: 'Environments', exact: true }).waitFor({ timeout: 120_000 });
  await page.getByRole('link', { name: 'shop/web production' }).waitFor();
  expect(await page.getByRole('link', { name }).count()).toBe(0);
  expect((await stage.system.ask(host)).status).toBe(404);
  const engine = connectEngine(testParts().dockerHost);
  await engine.removeVolume(volumeName(environment, 'cache'));
  engine.close();
});

/** Pushes a version whose app says at its start which it is, and waits until it is live. */
async function ship(version: string, to = repository, host = HOST): Promise<BuildView> {
  const files = appFiles(version);
  const id = await push(stage.system, to, {
    ...files,
    'slipway.yml': `${(files['slipway.yml'] ?? '').replace(HOST, host)}    volumes: ["uploads:/data", "cache:/cache"]\n`,
    Dockerfile: (files['Dockerfile'] ?? '').replace(
      /CMD .*/,
      `CMD ["sh", "-c", "echo app ${version} begins; exec httpd -f -p 8080 -h /www"]`,
    ),
  });
  const build = await endOf(stage.system, id);
  expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
  return build;
}

/** The container that is live. */
async function liveApp() {
  const engine = connectEngine(testParts().dockerHost);
  const { slots } = await stage.system.api<EnvironmentView>('GET', address);
  const index = slots.find(({ role }) => role === 'live')?.index;
  const apps = await listApps(engine, `${stage.system.dir}/router`);
  const app = apps.find((one) => one.slot === index);
  if (app === undefined) throw new Error('no app is live');
  return { engine, app: app.id };
}

function slot(page: Page, role: string) {
  return page.locator(`.slot-${role}`);
}

function digestOf(page: Page, role: string): Promise<string | null> {
  return slot(page, role).locator('dt', { hasText: 'Digest' }).locator('+ dd code').getAttribute('title');
}

async function expectFocus(page: Page, text: string): Promise<void> {
  await expect.poll(() => focused(page)).toBe(text);
}

function history(page: Page) {
  return page.getByRole('list', { name: 'History' }).getByRole('listitem');
}
