import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { endOf, push } from '../support/builds.ts';
import { busyboxImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import { until } from '../support/system.ts';
import { lookAtColours } from './support/contrast.ts';
import { openStage, shoot, type Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ capacity: 2 });
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

/** The step `unit` in shares, beside a step of its own whose name looks like one of them. */
const splitFile = (count: number, commands: readonly string[]): string =>
  [
    'steps:',
    '  - name: unit',
    '    image: slipway-test/busybox:1',
    '    depends_on: []',
    `    split: { count: ${count}, files: none }`,
    `    commands: ${JSON.stringify(commands)}`,
    '  - { name: lint 1/2, image: "slipway-test/busybox:1", commands: ["true"], depends_on: [] }',
    '',
  ].join('\n');

const build = async (name: string, file: string): Promise<string> =>
  push(stage.system, await stage.world.addProject(name, { 'slipway.yml': file }), {});

const groupOf = (page: Page) => page.getByRole('group', { name: 'Shares of unit' });
const summaryOf = (page: Page) => page.locator('.shares summary');
const textOf = async (page: Page) => (await summaryOf(page).innerText()).replaceAll(/\s+/g, ' ').trim();
const isOpen = (page: Page): Promise<boolean> =>
  page.locator('details.shares').evaluate((details) => (details as HTMLDetailsElement).open);

/** Holds at each width and in each scheme that nothing is cut off or faint. */
async function expectReadable(page: Page, name: string): Promise<void> {
  for (const width of [1440, 390])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width > 600 ? 900 : 844 });
      const shown = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(shown, `${name} at ${width} px`).toBeLessThanOrEqual(width);
      expect((await lookAtColours(page)).faint, `${name}, ${colorScheme}`).toEqual([]);
      await page.locator('.build-side').scrollIntoViewIfNeeded();
      await shoot(page, `${name}-${width}-${colorScheme}`);
    }
}

describe('a step of which one share fails', () => {
  let failed: BuildView;
  beforeAll(async () => {
    const commands = ['echo share $CI_NODE_INDEX', 'sleep 1', 'test $CI_NODE_INDEX != 2'];
    failed = await endOf(stage.system, await build('shop/split', splitFile(4, commands)));
    expect(failed.status, JSON.stringify(failed)).toBe('failure');
  });

  it('is one entry of the list, with the verdict and the time of the whole, open on what failed', async () => {
    const page = await stage.open(`/builds/${failed.id}`);
    await groupOf(page).waitFor();
    expect(await textOf(page)).toMatch(/^✕ failure unit 3 of 4 shares green, 1 failed [\d.]+ m?s$/);
    const rows = page.locator('.workflow > .steps > li');
    expect(await rows.count()).toBe(failed.workflows[0]!.steps.length - 3);
    await rows.getByRole('button', { name: 'success lint 1/2', exact: false }).waitFor();
    const shares = await groupOf(page).getByRole('listitem').locator('.step-name').allTextContents();
    expect(shares).toEqual(['unit 1/4', 'unit 2/4', 'unit 3/4', 'unit 4/4']);
    expect(await isOpen(page)).toBe(true);
    await page.getByRole('region', { name: 'Log of unit 2/4' }).waitFor();
    await expectReadable(page, 'split-failed');
  });

  it('has a bar from when its first share began to when the last one ended', async () => {
    const page = await stage.open(`/builds/${failed.id}`);
    const tries = failed.workflows
      .flatMap(({ steps }) => steps.filter(({ name }) => name.startsWith('unit ')))
      .flatMap(({ attempts }) => attempts);
    const from = Math.min(...tries.map(({ startedAtMs }) => startedAtMs ?? Infinity));
    const to = Math.max(...tries.map(({ finishedAtMs }) => finishedAtMs ?? -Infinity));
    const [begin, end] = [failed.startedAtMs ?? 0, failed.finishedAtMs ?? 0];
    const bar = summaryOf(page).locator('rect');
    const number = async (name: string) => Number(await bar.getAttribute(name));
    expect(await number('x')).toBeCloseTo(((from - begin) * 1000) / (end - begin), 3);
    expect(await number('width')).toBeCloseTo(((to - from) * 1000) / (end - begin), 3);
  });

  it('is folded and opened by keyboard, and leads on to its shares', async () => {
    const page = await stage.open(`/builds/${failed.id}`);
    await page.getByRole('button', { name: /lint/ }).click();
    await page.getByRole('region', { name: 'Log of lint 1/2' }).waitFor();
    await summaryOf(page).focus();
    await page.keyboard.press('Enter');
    expect(await isOpen(page)).toBe(false);
    await page.keyboard.press('Space');
    expect(await isOpen(page)).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Log of unit 2/4' }).waitFor();
    await page.getByRole('log').getByText('share 2', { exact: true }).waitFor();
  });
});

it('a step of whose shares some run is running, and says how the others ended', async () => {
  const commands = ['case $CI_NODE_INDEX in 1) exit 0;; 2) exit 1;; esac', 'sleep 600'];
  const id = await build('shop/running', splitFile(4, commands));
  const page = await stage.open(`/builds/${id}`);
  await until(
    async () => /^◐ running unit 1 of 4 shares green, 1 failed /.test(await textOf(page)),
    'two shares have ended',
  );
  expect(await isOpen(page)).toBe(true);
  await groupOf(page).getByRole('button', { name: 'Cancel the step unit 3/4' }).waitFor();
  await expectReadable(page, 'split-running');
  await groupOf(page).getByRole('button', { name: 'Cancel the step unit 3/4' }).click();
  await groupOf(page).getByRole('button', { name: 'Cancel the step unit 4/4' }).click();
  await until(
    async () => /^✕ failure unit 1 of 4 shares green, 1 failed, 2 cancelled /.test(await textOf(page)),
    'all shares have ended',
  );
  await endOf(stage.system, id);
});

describe('a build of 16 shares, in an image of a long name', () => {
  /** As long as names of registries' folders become. */
  const repository = `slipway-test.example/${'a-team-with-a-long-name/'.repeat(4)}an-image-of-the-tests`;
  const image = `${repository}:2026-11-22-of-the-branch-with-the-longest-name`;
  const engine = connectEngine(testParts().dockerHost);
  let green: BuildView;
  beforeAll(async () => {
    const base = await busyboxImage(testParts().dockerHost);
    await engine.docker.getImage(base).tag({ repo: repository, tag: image.slice(repository.length + 1) });
    const file = splitFile(16, ['echo share $CI_NODE_INDEX']).replace('slipway-test/busybox:1', image);
    green = await endOf(stage.system, await build('shop/sixteen', file), 180_000);
    expect(green.status, JSON.stringify(green)).toBe('success');
  }, 240_000);
  afterAll(async () => {
    await engine.docker.getImage(image).remove();
    engine.close();
  });

  it('folds what is green, but for the log that is shown', async () => {
    const page = await stage.open(`/builds/${green.id}`);
    await page.getByRole('button', { name: /^success clone/ }).click();
    await until(async () => !(await isOpen(page)), 'the shares are folded');
    expect(await textOf(page)).toMatch(/^✓ success unit 16 of 16 shares green /);
    await expectReadable(page, 'split-16-folded');
    await summaryOf(page).click();
    await groupOf(page).getByRole('button', { name: 'success unit 16/16' }).click();
    await page.getByRole('log').getByText('share 16', { exact: true }).waitFor();
    await expectReadable(page, 'split-16');
  });

  it('tells by digest what the names of its images stood for, whole at any width', async () => {
    const page = await stage.open(`/builds/${green.id}`);
    const box = page.getByRole('region', { name: 'Steps ran in' });
    const rows = box.getByRole('listitem');
    const found = green.workflows
      .flatMap(({ steps }) => steps)
      .find(({ name }) => name === 'unit 1/16')?.image;
    expect(found).toMatchObject({ name: image, from: 'engine' });
    const own = rows.filter({ hasText: image });
    await own.waitFor();
    expect(await rows.count()).toBe(2);
    expect(await own.locator('code').getAttribute('title')).toBe(found?.digest);
    expect(await own.textContent()).toMatch(/ of an engine alone, unit$/);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 844 });
      const [outer, inner] = [await box.boundingBox(), await own.boundingBox()];
      if (outer === null || inner === null) throw new Error('not shown');
      expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width);
      expect(await own.evaluate((row) => row.scrollWidth - row.clientWidth)).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await box.scrollIntoViewIfNeeded();
      await shoot(page, `steps-ran-in-${width}`);
    }
  });
});
