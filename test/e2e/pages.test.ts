import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, signedInPage } from '../support/browser.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../support/git-host.ts';
import { busyboxImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import { startSystem, until, type System } from '../support/system.ts';

const LINES = 1_000_000;
const SHOTS = process.env['SLIPWAY_SCREENSHOTS'] ?? null;

let host: GitHost;
let repository: HostedRepository;
let system: System;
let browser: Browser;

beforeAll(async () => {
  const { dockerHost, buildNetworks, appNetwork } = testParts();
  await busyboxImage(dockerHost);
  host = await startGitHost();
  repository = host.create('shop/web');
  repository.commit({ 'README.md': 'shop\n' }, 'begin');
  system = await startSystem({ dockerHost, buildNetworks, appNetwork });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  await system.stop();
  await host.close();
});

describe('sign-in', () => {
  it('refuses a wrong token with the reason, and lets the admin token in', async () => {
    const context = await browser.newContext({ baseURL: system.url });
    const page = await context.newPage();
    await page.goto('/');
    await page.getByLabel('Admin token').fill('not the token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Admin token').fill(system.adminToken);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No builds yet' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    expect((await context.request.get('/api/v1/builds')).status()).toBe(401);
    await context.close();
  });
});

describe('the pages', () => {
  it('add a project by its form', async () => {
    const { page } = await signedInPage(browser, system);
    await page.goto('/projects');
    await page.getByLabel(/Git URL/).fill(repository.cloneUrl);
    await page.getByRole('button', { name: 'Add project' }).click();
    await page.getByRole('heading', { name: 'shop/web' }).waitFor();
    await page.getByLabel('Name').fill('api_token');
    await page.getByLabel('Value').fill('a value nobody may see again');
    await page.getByRole('button', { name: 'Save secret' }).click();
    await page.getByRole('button', { name: 'Remove' }).waitFor();
    expect(await page.content()).not.toContain('nobody may see again');
    await page.context().close();
  });

  it('show a push as it is built, without a reload, and the app it became', async () => {
    const { page, complaints } = await signedInPage(browser, system);
    await page.goto('/');
    const id = await push(system, repository, appFiles('1'), { message: 'Ship version 1' });
    await page.getByRole('link', { name: /Ship version 1/ }).click();
    await page.waitForURL(`**/builds/${id}`);
    await page.locator('.build-title .status-success').waitFor({ timeout: 30_000 });
    await endOf(system, id);
    await page.locator('.deployments .status-success').waitFor();
    await page.getByRole('button', { name: /unit/ }).click();
    await page.getByRole('log').getByText('version 1').waitFor();
    expect(await page.locator('.facts').first().textContent()).toContain('pushed');
    await shoot(page, 'build-success-1440-light');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('put the last lines of a failed step on top', async () => {
    const id = await push(system, repository, appFiles('2', { broken: true }), {
      message: 'Break the check',
    });
    await endOf(system, id);
    const { page } = await signedInPage(browser, system, { scheme: 'dark' });
    await page.goto(`/builds/${id}`);
    const tail = page.getByRole('region', { name: 'Why unit failed' });
    await tail.getByText('version 2').waitFor();
    expect(await tail.textContent()).toContain('exit code 3');
    await shoot(page, 'build-failure-1440-dark');
    await page.context().close();
  });

  it('name every problem of a broken file with its place', async () => {
    const id = await push(
      system,
      repository,
      { 'slipway.yml': 'steps:\n  - name: a\n    comands: [x]\n' },
      { message: 'Misspell a key' },
    );
    await endOf(system, id);
    const { page } = await signedInPage(browser, system);
    await page.goto(`/builds/${id}`);
    const problems = page.getByRole('region', { name: 'Pipeline file' });
    expect(await problems.textContent()).toMatch(/slipway\.yml:3:5.*comands.*commands/s);
    await page.context().close();
  });

  it('roll back only after the question is answered', async () => {
    await endOf(system, await push(system, repository, appFiles('3'), { message: 'Ship version 3' }));
    const { page } = await signedInPage(browser, system);
    await page.goto('/environments');
    await page.getByRole('link', { name: /production/ }).click();
    await page.locator('.slot-live').waitFor();
    expect(await page.locator('.slot').count()).toBe(3);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('button', { name: 'No' }).click();
    expect((await system.ask('app.example.com')).text).toBe('version 3\n');
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('button', { name: /^Yes/ }).click();
    await until(
      async () => (await system.ask('app.example.com')).text === 'version 1\n',
      'version 1 is back',
    );
    await page.getByText('rolled back to').waitFor();
    await shoot(page, 'environment-1440-light');
    await page.context().close();
  });

  it('keep every delivery with its outcome, and replay one', async () => {
    const answer = await system.deliver('push', {
      ref: 'refs/heads/main',
      after: '0'.repeat(40),
      repository: { full_name: 'other/thing' },
    });
    expect(answer.status).toBe(202);
    const { page } = await signedInPage(browser, system);
    await page.goto('/deliveries');
    const row = page.getByRole('listitem').filter({ hasText: 'other/thing' });
    await row.getByText('ignored').waitFor();
    await row.getByRole('link').click();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page
      .getByText(/other\/thing/)
      .first()
      .waitFor();
    await shoot(page, 'delivery-1440-light');
    await page.context().close();
  });

  it('fit a narrow screen, dark and light, with nothing cut off at the side', async () => {
    const paths = ['/', '/deliveries', '/environments', '/projects'];
    for (const scheme of ['light', 'dark'] as const) {
      const { page, complaints } = await signedInPage(browser, system, { width: 390, scheme });
      for (const target of [...paths, ...(await firstLinks(page))]) {
        await page.goto(target);
        await page.locator('main h1').first().waitFor();
        await page.waitForTimeout(200);
        const { wide, shown } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth,
          shown: document.documentElement.clientWidth,
        }));
        expect(wide, target).toBeLessThanOrEqual(shown);
        await shoot(
          page,
          `${target.split('/')[1] || 'builds'}${target.split('/').length > 2 ? '-one' : ''}-390-${scheme}`,
        );
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('can be walked by keyboard: skip link, sections, log', async () => {
    const { page } = await signedInPage(browser, system);
    await page.goto('/');
    await page.locator('main h1').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Skip to content');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Environments' }).waitFor();
    await page.context().close();
  });
});

describe('a log of a million lines', () => {
  let page: Page;
  let id: string;

  beforeAll(async () => {
    await system.api('POST', '/projects', { cloneUrl: longRepository().cloneUrl });
    id = await push(system, longRepository(), {
      'slipway.yml': `steps:\n  - name: count\n    image: slipway-test/busybox:1\n    commands: [seq 1 ${LINES}]\n`,
    });
    const build = await endOf(system, id, 100_000);
    expect(build.status, JSON.stringify(build)).toBe('success');
    ({ page } = await signedInPage(browser, system));
  });

  afterAll(() => page.context().close());

  it('opens at its end at once and holds only what is seen', async () => {
    await page.goto(`/builds/${id}`);
    await row(String(LINES)).waitFor({ timeout: 5_000 });
    expect(await page.locator('.log-lines .log-row').count()).toBeLessThan(200);
    await shoot(page, 'log-million-1440-light');
  });

  it('goes to a linked range and marks it', async () => {
    await page.goto(`/builds/${id}#L500000-L500002`);
    await page.reload();
    await page.locator('.log-selected').nth(2).waitFor();
    const numbers = await page.locator('.log-selected .log-number').allTextContents();
    expect(numbers).toEqual(['500000', '500001', '500002']);
  });

  it('makes a link of a clicked line, and of a range with shift', async () => {
    const first = page.locator('.log-selected .log-number').first();
    await first.click();
    expect(new URL(page.url()).hash).toBe('#L500000');
    await page.locator('.log-number', { hasText: '500004' }).click({ modifiers: ['Shift'] });
    expect(new URL(page.url()).hash).toBe('#L500000-L500004');
  });

  it('reaches both ends by keyboard', async () => {
    await page.getByRole('log').focus();
    await page.keyboard.press('Home');
    await row('+ seq').waitFor();
    await page.keyboard.press('End');
    await row(String(LINES)).waitFor();
  });

  it('downloads exactly what the step wrote', async () => {
    const link = page.getByRole('link', { name: 'Download' });
    const target = (await link.getAttribute('href')) ?? '';
    const text = await (await page.request.get(target)).text();
    const numbers = text.split('\n').filter((line) => /^\d+$/.test(line));
    expect(numbers.length).toBe(LINES);
    expect(numbers.at(-1)).toBe(String(LINES));
  });

  const row = (text: string) => page.locator('.log-lines .log-text', { hasText: text }).first();
});

describe('a live log', () => {
  it('follows only while the reader is at its end, and a cancel ends the build', async () => {
    const id = await push(
      system,
      longRepository(),
      {
        'slipway.yml':
          'steps:\n  - name: talk\n    image: slipway-test/busybox:1\n    commands: ["i=0; while true; do i=$((i+1)); echo line $i; usleep 20000; done"]\n',
      },
      { branch: 'talk' },
    );
    const { page } = await signedInPage(browser, system);
    await page.goto(`/builds/${id}`);
    await page.getByText('line 100', { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('line 1', { exact: true }).waitFor();
    await page.waitForTimeout(600);
    expect(await page.getByRole('log').evaluate((element) => element.scrollTop)).toBe(0);
    await page.getByRole('button', { name: 'End' }).click();
    const seen = async (): Promise<number> =>
      Number((await page.locator('.log-lines .log-number').allTextContents()).at(-1));
    const before = await seen();
    await until(async () => (await seen()) > before + 20, 'the log goes on by itself');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.build-title .status-cancelled').waitFor({ timeout: 15_000 });
    await page.context().close();
  });
});

let long: HostedRepository | null = null;
function longRepository(): HostedRepository {
  long ??= ((made) => (made.commit({ 'README.md': 'long\n' }, 'begin'), made))(host.create('shop/long'));
  return long;
}

async function firstLinks(page: Page): Promise<string[]> {
  const links: string[] = [];
  for (const list of ['/', '/deliveries', '/environments', '/projects']) {
    await page.goto(list);
    links.push((await page.locator('a.row-main').first().getAttribute('href')) ?? list);
  }
  return links;
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS !== null) await page.screenshot({ path: `${SHOTS}/${name}.png` });
}
