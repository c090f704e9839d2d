import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LogRangeView } from '../../src/core/views/log-view.ts';
import { endOf, push } from '../support/builds.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { until } from '../support/system.ts';
import { openStage, shoot, type Stage } from './support/stage.ts';

const NUMBERS = 1_000_000;
/** The echoed command stands before its output. */
const LAST = NUMBERS + 1;

let stage: Stage;
let repository: HostedRepository;

beforeAll(async () => {
  stage = await openStage();
  repository = await stage.world.addProject('shop/long', { 'README.md': 'long\n' });
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

describe('a log of a million lines', () => {
  let page: Page;
  let address: string;
  let logId: string;
  beforeAll(async () => {
    const id = await push(stage.system, repository, { 'slipway.yml': stepOf('count', `seq 1 ${NUMBERS}`) });
    const build = await endOf(stage.system, id, 100_000);
    expect(build.status, JSON.stringify(build)).toBe('success');
    logId = build.workflows[0]?.steps.find(({ name }) => name === 'count')?.attempts[0]?.logId ?? '';
    address = `/builds/${id}`;
  });

  it('opens at its end at once, and holds only what is seen', async () => {
    page = await stage.open(address);
    const text = line(page, LAST).locator('.log-text');
    await expect.poll(() => text.textContent(), { timeout: 30_000 }).toBe(String(NUMBERS));
    await expectInView(page, LAST);
    expect(await page.locator('.log-lines .log-row').count()).toBeLessThan(200);
    await shoot(page, 'log-million-1440-light');
  });

  it('goes to a linked range and marks it', async () => {
    page = await stage.open(`${address}#L500000-L500002`);
    await expect.poll(() => selected(page)).toEqual(['500000', '500001', '500002']);
    await expectInView(page, 500_000);
  });

  it('makes a link of a clicked line, and of a range with shift, which open the same again', async () => {
    page = await stage.open(`${address}#L500000`);
    await line(page, 500_001).locator('.log-number').click();
    expect(await linkOf(page)).toBe(`?log=${logId}#L500001`);
    await line(page, 500_004)
      .locator('.log-number')
      .click({ modifiers: ['Shift'] });
    expect(await linkOf(page)).toBe(`?log=${logId}#L500001-L500004`);
    await page.reload();
    await expect.poll(() => selected(page)).toEqual(['500001', '500002', '500003', '500004']);
  });

  it('links lines and ranges by keyboard', async () => {
    page = await stage.open(`${address}#L500000`);
    await expect.poll(() => selected(page)).toEqual(['500000']);
    await page.getByRole('log').focus();
    await page.keyboard.press('ArrowDown');
    const top = await current(page);
    await expectInView(page, top);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    expect(await current(page)).toBe(top + 1);
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe(`Line ${top + 1}`);
    await page.keyboard.press('Enter');
    expect(await linkOf(page)).toBe(`?log=${logId}#L${top + 1}`);
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    expect(await linkOf(page)).toBe(`?log=${logId}#L${top + 1}-L${top + 3}`);
    await expect.poll(() => selected(page)).toEqual([top + 1, top + 2, top + 3].map(String));
    await page.keyboard.press('PageDown');
    await page.keyboard.press('PageDown');
    const far = await current(page);
    expect(far).toBeGreaterThan(top + 40);
    await expectInView(page, far);
    await page.keyboard.press('Shift+Enter');
    expect(await linkOf(page)).toBe(`?log=${logId}#L${top + 1}-L${far}`);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('log').evaluate((log) => log === document.activeElement)).toBe(true);
    expect(await linkOf(page)).toBe(`?log=${logId}#L${top + 1}-L${far}`);
    await page.keyboard.press('Escape');
    expect(await linkOf(page)).toBe(`?log=${logId}`);
    await expect.poll(() => selected(page)).toEqual([]);
  });

  it('reaches both ends by keyboard, and keeps the focus while the line that had it is scrolled away', async () => {
    page = await stage.open(address);
    await line(page, LAST).waitFor();
    await page.getByRole('log').focus();
    await page.keyboard.press('Home');
    await line(page, 1).getByText(`+ seq 1 ${NUMBERS}`).waitFor();
    await expectInView(page, 1);
    await page.keyboard.press('ArrowDown');
    expect(await current(page)).toBe(1);
    await page.getByRole('log').evaluate((log) => log.scrollTo(0, 1e9));
    await line(page, LAST).waitFor();
    await page.keyboard.press('ArrowUp');
    expect(await current(page)).toBe(LAST);
    await page.keyboard.press('Home');
    await line(page, 1).waitFor();
    await page.keyboard.press('End');
    await line(page, LAST).waitFor();
    await expectInView(page, LAST);
  });

  it('is searched: says how many lines show a text, goes from one to the next, and marks it', async () => {
    const numbers = Array.from({ length: NUMBERS }, (_, n) => n + 1).filter((n) =>
      String(n).includes('77777'),
    );
    const rowOf = (n = 0) => n + 1;
    page = await stage.open(`${address}#L500000`);
    await expect.poll(() => selected(page)).toEqual(['500000']);
    await page.getByRole('log').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('77777');
    const said = page.locator('.log-search output');
    const first = numbers.findIndex((n) => rowOf(n) >= 500_000);
    await expect
      .poll(() => said.textContent(), { timeout: 20_000 })
      .toBe(`${first + 1} of ${numbers.length}`);
    expect(await foundLine(page)).toBe(rowOf(numbers[first]));
    await expectInView(page, rowOf(numbers[first]));
    expect(await page.locator('.log-found mark').allTextContents()).toEqual(['77777']);
    await shoot(page, 'log-search-1440-light');
    await page.keyboard.press('Enter');
    expect(await said.textContent()).toBe(`${first + 2} of ${numbers.length}`);
    expect(await foundLine(page)).toBe(rowOf(numbers[first + 1]));
    for (let back = 0; back < first + 2; back++) await page.keyboard.press('Shift+Enter');
    expect(await foundLine(page)).toBe(rowOf(numbers.at(-1)));
    await page.keyboard.type('x');
    await expect.poll(() => said.textContent(), { timeout: 20_000 }).toBe('not found');
    expect(await page.locator('.log-lines mark').count()).toBe(0);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('log').evaluate((log) => log === document.activeElement)).toBe(true);
    expect(await said.textContent()).toBe('');
    await page.keyboard.press('/');
    await page.keyboard.type('1');
    await expect.poll(() => said.textContent(), { timeout: 20_000 }).toBe('10,000+ lines');
  });

  it('names its keys', async () => {
    page = await stage.open(address);
    await page.getByRole('button', { name: 'Keys' }).click();
    const help = page.getByRole('dialog', { name: 'Keys of the log' });
    await help.getByText('put a link to the line into the address').waitFor();
    await page.keyboard.press('Escape');
    expect(await help.isVisible()).toBe(false);
  });

  it('downloads exactly what the step wrote, which is what the API has', async () => {
    page = await stage.open(address);
    const target = (await page.getByRole('link', { name: 'Download' }).getAttribute('href')) ?? '';
    const download = await (await page.request.get(target)).body();
    const ranges = createHash('sha256');
    let lines = 0;
    for (let from = 0, total = 1; from < total;) {
      const answer = await stage.system.api<LogRangeView>('GET', `/logs/${logId}?from=${from}&count=5000`);
      for (const { text } of answer.range) ranges.update(`${text}\n`);
      total = answer.lines;
      from += answer.range.length;
      lines += answer.range.length;
      expect(answer.range.length).toBeGreaterThan(0);
    }
    const expected = createHash('sha256').update(`+ seq 1 ${NUMBERS}\n`);
    for (let n = 1; n <= NUMBERS; n++) expected.update(`${n}\n`);
    const hash = expected.digest('hex');
    expect(lines).toBe(LAST);
    expect(createHash('sha256').update(download).digest('hex')).toBe(hash);
    expect(ranges.digest('hex')).toBe(hash);
  });
});

describe('a live log', () => {
  const TALK = 'i=0; while true; do i=$((i+1)); echo line $i; usleep 20000; done';

  it('follows only while the reader is at its end, and a cancel ends the build', async () => {
    const page = await openTalking('talk');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('line 1', { exact: true }).waitFor();
    const stood = await page.locator('.log-length').textContent();
    await until(async () => (await page.locator('.log-length').textContent()) !== stood, 'the log grows');
    expect(await page.getByRole('log').evaluate((log) => log.scrollTop)).toBe(0);
    await page.getByRole('button', { name: 'End' }).click();
    const before = await lastNumber(page);
    await until(async () => (await lastNumber(page)) > before + 20, 'the log goes on by itself');
    // A scroll that is told when the view has become smaller.
    await page.getByRole('log').evaluate((log) => {
      log.style.height = '120px';
      log.dispatchEvent(new Event('scroll'));
    });
    const smaller = await lastNumber(page);
    await until(async () => (await lastNumber(page)) > smaller + 20, 'the smaller log goes on by itself');
    await page.locator('.title').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.title .status-cancelled').waitFor({ timeout: 60_000 });
  });

  it('goes on without a gap when the server was killed and started again', async () => {
    const page = await openTalking('restart');
    const ended = new Promise((resolve) => stage.system.server?.once('exit', resolve));
    stage.system.server?.kill('SIGKILL');
    await ended;
    await page.getByText('connecting again…').waitFor();
    const before = await lastNumber(page);
    await stage.system.startServer();
    await page.locator('.log-length', { hasText: 'live' }).waitFor({ timeout: 60_000 });
    await until(async () => (await lastNumber(page)) > before + 50, 'the log goes on');
    // Line 1 is the echoed command: `line n` stands in line n + 1, before the break and after it.
    const rows = await page
      .locator('.log-lines .log-row')
      .evaluateAll((found) =>
        found.map((row) => [
          Number(row.querySelector('.log-number')?.textContent),
          row.querySelector('.log-text')?.textContent,
        ]),
      );
    expect(rows).toEqual(rows.map(([number]) => [number, `line ${Number(number) - 1}`]));
    expect(rows.length).toBeGreaterThan(20);
    await page.locator('.title').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.title .status-cancelled').waitFor({ timeout: 60_000 });
  });

  /** Opens a build that talks for ever, once its hundredth line is seen. */
  async function openTalking(branch: string): Promise<Page> {
    const id = await push(stage.system, repository, { 'slipway.yml': stepOf('talk', TALK) }, { branch });
    const page = await stage.open(`/builds/${id}`);
    // Not a line by its number: only what is in view is drawn, and a page that opens late opens past it.
    await until(async () => (await lastNumber(page)) > 100, 'the log is followed', 60_000).catch(
      async (error: unknown) => {
        const log = page.getByRole('region', { name: /^Log of/ });
        throw new Error(`${String(error)}\n${await log.first().innerText()}`, { cause: error });
      },
    );
    return page;
  }

  async function lastNumber(page: Page): Promise<number> {
    return Number((await page.locator('.log-lines .log-number').allTextContents()).at(-1));
  }
});

function stepOf(name: string, command: string): string {
  return `steps:\n  - name: ${name}\n    image: slipway-test/busybox:1\n    commands: ["${command}"]\n`;
}

/** The row of a line, counted from 1. */
function line(page: Page, number: number) {
  return page.locator('.log-lines .log-row', {
    has: page.locator('.log-number').getByText(String(number), { exact: true }),
  });
}

async function foundLine(page: Page): Promise<number> {
  return Number(await page.locator('.log-found .log-number').textContent());
}

function selected(page: Page): Promise<string[]> {
  return page.locator('.log-selected .log-number').allTextContents();
}

/** The line that the keyboard is at. */
async function current(page: Page): Promise<number> {
  return Number(await page.locator('.log-number:focus').textContent());
}

/** Holds that the whole row is within the visible part of the log. */
async function expectInView(page: Page, number: number): Promise<void> {
  const [row, view] = [await line(page, number).boundingBox(), await page.getByRole('log').boundingBox()];
  if (row === null || view === null) throw new Error(`line ${number} is not on the page`);
  expect(row.y).toBeGreaterThanOrEqual(view.y - 2);
  expect(row.y + row.height).toBeLessThanOrEqual(view.y + view.height + 2);
}

/** The link in the address, as the page has it: what the driver knows of it comes later. */
function linkOf(page: Page): Promise<string> {
  return page.evaluate(() => `${location.search}${location.hash}`);
}
