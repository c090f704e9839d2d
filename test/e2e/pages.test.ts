import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { ProjectView } from '../../src/core/views/project-view.ts';
import { formatBytes } from '../../web/format.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { until } from '../support/system.ts';
import { lookAtColours } from './support/contrast.ts';
import { focused, openStage, shoot, type Stage } from './support/stage.ts';

let stage: Stage;
let repository: HostedRepository;

beforeAll(async () => {
  stage = await openStage();
  repository = stage.world.host.create('shop/web');
  repository.commit({ 'README.md': 'shop\n' }, 'begin');
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

describe('sign-in', () => {
  it('says where the token is, refuses a wrong one with the reason, and lets the admin token in', async () => {
    const context = await stage.browser.newContext({ baseURL: stage.system.url });
    const page = await context.newPage();
    await page.goto('/environments');
    expect(await page.getByText('At its first start').textContent()).toContain(
      'file admin-token in its data folder',
    );
    await page.getByLabel('Admin token').fill('not the token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Admin token').fill(stage.system.adminToken);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No environments yet' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    expect((await context.request.get('/api/v1/builds')).status()).toBe(401);
    await context.close();
  });

  it('comes back by itself when the session has ended, and leads to the page that was open', async () => {
    const page = await stage.open('/projects');
    await page.getByRole('heading', { name: 'No projects yet' }).waitFor();
    const headers = { origin: stage.system.url };
    expect((await page.request.delete('/api/v1/session', { headers })).ok()).toBe(true);
    await page.getByLabel('Admin token').fill(stage.system.adminToken);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No projects yet' }).waitFor();
  });
});

describe('the pages', () => {
  it('add a project by its form', async () => {
    const page = await stage.open('/projects');
    await page.getByLabel(/Git URL/).fill(repository.cloneUrl);
    await page.getByRole('button', { name: 'Add project' }).click();
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
    await page.getByLabel('Name').fill('api_token');
    await page.getByLabel('Value').fill('a value nobody may see again');
    await page.getByRole('button', { name: 'Save secret' }).click();
    await page.getByRole('button', { name: 'Remove' }).waitFor();
    expect(await page.content()).not.toContain('nobody may see again');
  });

  it('show a push as it is built, without a reload, and what it became: digest, tags, bytes', async () => {
    const page = await stage.open('/');
    const id = await push(stage.system, repository, appFiles('1'), { message: 'Ship version 1' });
    await page.getByRole('link', { name: /Ship version 1/ }).click();
    await page.waitForURL(`**/builds/${id}`);
    await page.locator('.title > .status-success').waitFor({ timeout: 60_000 });
    const { commit, pushed } = await endOf(stage.system, id);
    await page.locator('.deployments .status-success').waitFor();
    await page.getByRole('button', { name: /unit/ }).click();
    await page.getByRole('log').getByText('version 1').waitFor();
    if (pushed === null) throw new Error('nothing was pushed');
    expect(pushed.digest).toBe(await digestInRegistry('shop/web', 'main'));
    expect(await fact(page, 'Digest').locator('code').getAttribute('title')).toBe(pushed.digest);
    expect(await fact(page, 'Tags').locator('code').allTextContents()).toEqual([commit, 'main']);
    expect(pushed.bytesPushed).toBeGreaterThan(0);
    expect(await fact(page, 'Travelled').textContent()).toBe(
      `${formatBytes(pushed.bytesPushed)} pushed, ${formatBytes(pushed.bytesReused)} were there already`,
    );
    await shoot(page, 'build-success-1440-light');
    expect(stage.complaints()).toEqual([]);
  });

  it('put the last lines of a failed step on top, each a link into the log', async () => {
    const files = appFiles('2', { broken: true });
    const id = await push(stage.system, repository, files, { message: 'Break the check' });
    await endOf(stage.system, id);
    const page = await stage.open(`/builds/${id}`, { scheme: 'dark' });
    const tail = page.getByRole('region', { name: 'Why unit failed' });
    await tail.getByText('version 2').waitFor();
    expect(await tail.textContent()).toContain('exit code 3');
    await shoot(page, 'build-failure-1440-dark');
    await page.getByRole('button', { name: /clone/ }).click();
    await tail.getByRole('link', { name: 'Line 2' }).click();
    await page.locator('.log-selected', { hasText: 'checking version' }).waitFor();
  });

  it('name every problem of a broken file with its place, the line and what is wrong in it', async () => {
    const long = `comands: [${'x, '.repeat(40)}x]`;
    const files = { 'slipway.yml': `steps:\n  - name: a\n    image: node\n    ${long}\n` };
    const id = await push(stage.system, repository, files, { message: 'Misspell a key' });
    await endOf(stage.system, id);
    const page = await stage.open(`/builds/${id}`);
    const problems = page.getByRole('region', { name: 'Pipeline file' });
    expect(await problems.textContent()).toMatch(/slipway\.yml:4:5.*comands.*commands/s);
    expect(await problems.locator('pre').allTextContents()).toEqual([
      expect.stringMatching(/^4 {4}comands: \[x, x, .*…$/),
      '3    image: node',
    ]);
    expect(await problems.locator('mark').allTextContents()).toEqual(['comands', 'node']);
    expect(await problems.textContent()).toContain('warning: node is whatever is newest');
    await shoot(page, 'build-problems-1440-light');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), 'at 390 px').toBe(390);
  });

  it('list the workers, and make the token of another, shown once', async () => {
    const page = await stage.open('/workers');
    const workers = page.getByRole('list', { name: 'Workers' }).getByRole('listitem');
    const known = workers.filter({ hasText: stage.system.workerName });
    expect(await known.textContent()).toMatch(
      /here.*runs 0 of at most 2 at once.*deploys behind the router local/,
    );
    await page.getByLabel('Name').fill('build-02');
    await page.getByLabel('Routers').fill('edge, other');
    await page.getByRole('button', { name: 'Make its token' }).click();
    const shown = await page.getByRole('status').textContent();
    await workers.filter({ hasText: 'build-02' }).getByText('expected').waitFor();
    expect(await workers.filter({ hasText: 'build-02' }).textContent()).toContain(
      'may deploy behind the routers edge, other',
    );
    const [, token = ''] = /SLIPWAY_WORKER_TOKEN=(\S+)/.exec(shown ?? '') ?? [];
    const asWorker = { headers: { authorization: `Bearer ${token}` } };
    expect((await fetch(`${stage.system.url}/api/v1/workers`, asWorker)).status).toBe(403);
    await page.reload();
    await workers.first().waitFor();
    expect(await page.content()).not.toContain(token);
  });

  it('let a worker drain behind a question, and end the token of one', async () => {
    const { system } = stage;
    const made = { name: 'build-03', labels: { gpu: 'yes' } };
    const { token } = await system.api<{ token: string }>('POST', '/workers/tokens', made);
    await registerLow(system.url, token, made.name);
    const page = await stage.open('/workers');
    const workers = page.getByRole('list', { name: 'Workers' }).getByRole('listitem');
    const known = workers.filter({ hasText: system.workerName });
    expect(await known.textContent()).toMatch(/version \d+\.\d+\.\d+labels kind=test,rack=7/);
    await known.getByRole('button', { name: `Drain ${system.workerName}` }).click();
    await known.getByRole('button', { name: 'No' }).click();
    await known.getByText('here').waitFor();
    await known.getByRole('button', { name: `Drain ${system.workerName}` }).click();
    await known.getByRole('button', { name: 'Yes, Drain' }).click();
    await known.getByText('drains').waitFor();
    await known.getByRole('button', { name: `Undrain ${system.workerName}` }).click();
    await known.getByText('here').waitFor();
    const other = workers.filter({ hasText: 'build-03' });
    expect(await other.textContent()).toMatch(/waits.*gets no builds: its disk has less than 2.5 GiB free/);
    await shoot(page, 'workers-disk-low');
    await other.getByRole('button', { name: 'Revoke the token of build-03' }).click();
    await other.getByRole('button', { name: 'Yes, Revoke' }).click();
    await other.getByText('revoked').waitFor();
    expect(await other.getByRole('button').count()).toBe(0);
  });

  it('add a notification target by its form, try it and remove it', async () => {
    const page = await stage.open('/projects');
    await page.getByRole('link', { name: /shop\/web/ }).click();
    const card = page.getByRole('region', { name: 'Notifications' });
    await card.getByLabel('Address of the webhook').fill('http://127.0.0.1:9/of-its-own');
    await card.getByLabel('Signing secret').fill('what signs the messages');
    await card.getByLabel('Branches').fill('main, release/*');
    await card.getByRole('button', { name: 'Add notification' }).click();
    const target = card.getByRole('listitem').filter({ hasText: 'http://127.0.0.1:9' });
    await target.getByText(/a build failed; .*; on main, release\/\*/).waitFor();
    expect(await target.textContent()).not.toContain('of-its-own');
    await target.getByRole('button', { name: 'send a test' }).click();
    await target.getByText(/waiting|not sent/).waitFor();
    const answer = async (): Promise<string | null> => {
      await page.reload();
      await target.waitFor();
      return target.textContent();
    };
    await expect.poll(answer, { timeout: 30_000 }).toContain('is at no public address');
    await target.getByRole('button', { name: 'change http' }).focus();
    await page.keyboard.press('Enter');
    const change = card.getByRole('group', { name: 'Change http://127.0.0.1:9' });
    expect(await change.getByLabel('New address').evaluate((field) => field === document.activeElement)).toBe(
      true,
    );
    await page.keyboard.press('Escape');
    await change.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Change');
    await page.keyboard.press('Enter');
    await change.getByLabel('Branches').fill('next');
    await change.getByLabel('a build failed').uncheck();
    await change.getByLabel('New signing secret').fill('too short');
    await page.keyboard.press('Enter');
    // The browser holds it back: nothing was sent.
    await change.getByLabel('New signing secret').fill('');
    for (const [width, scheme] of [
      [390, 'dark'],
      [1440, 'light'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      await change.scrollIntoViewIfNeeded();
      await shoot(page, `notification-change-${width}-${scheme}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await change.getByLabel('Branches').press('Enter');
    await target.getByText(/; on next$/).waitFor();
    expect(await target.textContent()).not.toContain('a build failed;');
    expect(await target.textContent()).toContain('http://127.0.0.1:9');
    await target.getByRole('button', { name: 'remove http' }).click();
    await target.getByRole('button', { name: 'Yes, Remove' }).click();
    await target.waitFor({ state: 'detached' });
    await card.getByLabel('Send by').selectOption('email');
    await card.getByLabel('E-mail addresses').fill('ada@example.com');
    await card.getByRole('button', { name: 'Add notification' }).click();
    await card.getByRole('alert').getByText('no mail server').waitFor();
  });

  it('share the files of a project by its form, and stop it', async () => {
    const page = await stage.open('/projects');
    await page.getByRole('link', { name: /shop\/web/ }).click();
    const card = page.getByRole('region', { name: 'Shared files' });
    await card.getByText('None but itself so far').waitFor();
    for (const pattern of ['team/*', 'shop/a-project-with-a-long-path/of-several/folders']) {
      await card.getByLabel('A project').fill(pattern);
      await page.keyboard.press('Enter');
      await card.getByRole('listitem').filter({ hasText: pattern }).waitFor();
    }
    await card.getByLabel('A project').fill('Not a path');
    await page.keyboard.press('Enter');
    // The browser holds it back: nothing was sent.
    expect(await card.getByRole('alert').count()).toBe(0);
    await card.getByLabel('A project').fill('a//path');
    await card.getByRole('button', { name: 'Share', exact: true }).click();
    await card.getByRole('alert').getByText('is not like shop/web').waitFor();
    await card.getByRole('button', { name: 'Stop sharing with team' }).click();
    for (const width of [390, 1440])
      for (const scheme of ['dark', 'light'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: scheme });
        await card.scrollIntoViewIfNeeded();
        await shoot(page, `project-shared-${width}-${scheme}`);
        expect((await lookAtColours(page)).faint).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    await card.getByRole('button', { name: 'Yes, Remove' }).click();
    await card.getByRole('listitem').filter({ hasText: 'team/*' }).waitFor({ state: 'detached' });
    expect(await card.getByRole('listitem').count()).toBe(1);
  });

  it('mark a project that is being removed, and offer no build of it', async () => {
    const page = await stage.open('/projects', { width: 390, scheme: 'dark' });
    const removing = { removingSinceMs: Date.now() - 60_000 };
    await page.route(/\/api\/v1\/projects(\/[^/]+)?$/, async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as ProjectView | { items: readonly ProjectView[] };
      const json =
        'items' in answer
          ? { ...answer, items: answer.items.map((one) => ({ ...one, ...removing })) }
          : { ...answer, ...removing };
      await route.fulfill({ response, json });
    });
    await page.reload();
    await page.locator('.status', { hasText: 'removing' }).waitFor();
    await shoot(page, 'projects-removing-390-dark');
    await page.getByRole('link', { name: 'shop/web' }).click();
    await page.getByRole('status').getByText('Being removed since').waitFor();
    for (const name of ['Run now', 'Save secret', 'Connect'])
      expect(await page.getByRole('button', { name }).count(), name).toBe(0);
    await shoot(page, 'project-removing-390-dark');
  });

  it('tell who changed what, and find it by what it says', async () => {
    const page = await stage.open('/audit');
    const row = (text: RegExp) => page.getByRole('row').filter({ hasText: text });
    await row(/admin on a page.*set the secret shop\/web\/api_token.*done/).waitFor();
    await row(/somebody unknown.*session\.begin.*refused.*token_wrong/).waitFor();
    await page.getByLabel('Action').selectOption('project.add');
    await page.getByLabel('What').fill('shop/');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.waitForURL('**/audit?action=project.add&subject=shop%2F');
    await row(/signed in|session\.begin/)
      .first()
      .waitFor({ state: 'detached' });
    await row(/added the project shop\/web/)
      .getByRole('link')
      .click();
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
  });

  const WIDTHS = [1440, 390] as const;
  const SCHEMES = ['light', 'dark'] as const;
  it.for(WIDTHS.flatMap((width) => SCHEMES.map((scheme) => ({ width, scheme }))))(
    'are readable and whole at $width px, $scheme',
    { timeout: 120_000 },
    async ({ width, scheme }) => {
      const page = await stage.open('/', { width, scheme });
      for (const target of await allPages()) {
        await page.goto(target);
        await settled(page);
        const name = `${target.split('/').slice(1, 3).join('-').slice(0, 20) || 'builds'}-${width}-${scheme}`;
        await shoot(page, name);
        await expectWhole(page, target, scheme);
      }
      expect(stage.complaints()).toEqual(allow404(stage.complaints()));
      await page.context().clearCookies();
      await page.goto('/');
      await page.getByLabel('Admin token').waitFor();
      await expectWhole(page, 'the sign-in', scheme);
    },
  );

  it('can be walked by keyboard: skip link, sections, content', async () => {
    const page = await stage.open('/');
    await page.locator('main h1').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('Skip to content');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Environments' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('shop/web production');
  });
});

/** A list and one of each, a page that is not there, and a thing that is not there. */
async function allPages(): Promise<readonly string[]> {
  const lists = ['/', '/deliveries', '/environments', '/projects'];
  const page = await stage.open('/');
  const ones: string[] = [];
  for (const list of lists) {
    await page.goto(list);
    ones.push((await page.locator('a.row-main').first().getAttribute('href')) ?? list);
  }
  const { items } = await stage.system.api<{ items: BuildView[] }>('GET', '/builds');
  const builds = items
    .filter(({ status }) => status === 'success' || status === 'failure')
    .map(({ id }) => `/builds/${id}`);
  return [
    ...lists,
    ...ones,
    ...builds,
    '/workers',
    '/audit',
    '/audit?actor=nobody',
    '/there-is/no-such-page',
    '/builds/none',
  ];
}

/** As a worker's process whose disk is low comes. */
async function registerLow(url: string, token: string, name: string): Promise<void> {
  const process = { protocol: 2, name, instance: 'process-of-a-test', capacity: 2, routers: [] };
  const answer = await fetch(`${url}/worker/v1/workers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...process, lowDisk: 'its disk has less than 2.5 GiB free' }),
  });
  expect(answer.status).toBe(200);
}

async function settled(page: Page): Promise<void> {
  await page.locator('main h1, main [role=alert]').first().waitFor();
  await until(async () => (await page.getByText(/^Loading|^loading/).count()) === 0, 'everything is loaded');
}

async function expectWhole(page: Page, target: string, scheme: 'light' | 'dark'): Promise<void> {
  const { wide, shown } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    shown: document.documentElement.clientWidth,
  }));
  expect(wide, `${target} is cut off at the side`).toBeLessThanOrEqual(shown);
  const { ground, faint } = await lookAtColours(page);
  expect(faint, `${target} can be read`).toEqual([]);
  if (scheme === 'dark') expect(ground, `${target} is dark`).toBeLessThan(0.05);
  else expect(ground, `${target} is light`).toBeGreaterThan(0.8);
}

/** The browser itself writes of an answer that is not a success; only `/builds/none` has one. */
function allow404(complaints: readonly string[]): readonly string[] {
  return complaints.filter((text) => text.includes('status of 404'));
}

function fact(page: Page, name: string) {
  return page.locator('.facts dt', { hasText: name }).locator('+ dd');
}

async function digestInRegistry(repository: string, tag: string): Promise<string | null> {
  const accept =
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`${stage.system.registry.url}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept },
  });
  return answer.headers.get('docker-content-digest');
}
