import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { endOf, push } from '../support/builds.ts';
import { busyboxImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import { lookAtColours } from './support/contrast.ts';
import { openStage, shoot, type Stage } from './support/stage.ts';

let stage: Stage;
let build: BuildView;

const REPORT = `<testsuite name="cart">
  <testcase classname="cart" name="adds one" time="0.012"/>
  <testcase classname="cart" name="takes one" time="0.5" file="test/cart.test.ts" line="42">
    <failure message="expected 1 to be 2">AssertionError: expected 1 to be 2</failure>
  </testcase>
  <testcase classname="cart" name="is slow"><skipped/></testcase>
</testsuite>
`;
const FILES = {
  'slipway.yml': `image: none
steps:
  - name: unit
    image: slipway-test/busybox:1
    commands:
      - cp report.xml "report-$(cat pass).xml"
      - if [ "$(cat pass)" = yes ]; then sed -i '/<failure/d' report-yes.xml; fi
      - mkdir out && echo "built of $(cat pass)" > out/app.txt
      - test "$(cat pass)" = yes
    reports: { junit: report-*.xml }
    artifacts: { name: app, paths: out, expire: 30d }
`,
  'report.xml': REPORT,
};

beforeAll(async () => {
  await busyboxImage(testParts().dockerHost);
  stage = await openStage();
  const repository = await stage.world.addProject('shop/cart', { ...FILES, pass: 'yes' });
  const green = await endOf(stage.system, await push(stage.system, repository, { pass: 'yes' }));
  expect(green.status, JSON.stringify(green)).toBe('success');
  build = await endOf(stage.system, await push(stage.system, repository, { pass: 'no' }));
  expect(build.status, JSON.stringify(build)).toBe('failure');
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

const testsOf = (page: Page) => page.getByRole('region', { name: 'Tests' });

describe('the page of a build whose tests failed', () => {
  it('names each that failed, with its message, file and line, and the others when asked for', async () => {
    const page = await stage.open(`/builds/${build.id}`);
    const tests = testsOf(page);
    await tests.waitFor();
    expect(await tests.getByRole('heading').textContent()).toMatch(/1 failed/);
    const failed = tests.locator('.test');
    expect(await failed.count()).toBe(1);
    expect(await failed.innerText()).toMatch(
      /failed.*takes one.*cart.*test\/cart\.test\.ts:42.*expected 1 to be 2/s,
    );
    await tests.getByRole('button', { name: 'All tests' }).click();
    await tests.getByText('adds one').waitFor();
    expect(await tests.locator('.test strong').allTextContents()).toEqual(
      expect.arrayContaining(['adds one', 'takes one', 'is slow']),
    );
    await tests.getByRole('button', { name: 'Only what did not pass' }).click();
    await tests.getByText('adds one').waitFor({ state: 'detached' });
  });

  it('shows how a test ended before, and the log of its step', async () => {
    const page = await stage.open(`/builds/${build.id}`);
    const tests = testsOf(page);
    await tests.getByRole('button', { name: 'History' }).click();
    const history = page.getByRole('list', { name: 'History of takes one' });
    await history.getByRole('listitem').nth(1).waitFor();
    const runs = await history.getByRole('listitem').allInnerTexts();
    expect(runs.map((one) => one.split(/\s/)[0])).toEqual(['failed', 'passed']);
    await history.getByRole('link').nth(1).click();
    await page.waitForURL((url) => url.pathname !== `/builds/${build.id}`);
    await page.goBack();
    await testsOf(page).getByRole('button', { name: 'Log of unit' }).click();
    await page.getByRole('region', { name: 'Log of unit' }).waitFor();
  });

  it('gives what its steps have kept, byte for byte', async () => {
    const page = await stage.open(`/builds/${build.id}`);
    const artifacts = page.getByRole('region', { name: 'Artifacts' });
    expect(await artifacts.innerText()).toMatch(/app\s+of unit: 1 file, .*until/);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      artifacts.getByRole('link', { name: 'app' }).click(),
    ]);
    const folder = await mkdtemp(path.join(tmpdir(), 'slipway-download-'));
    try {
      const file = path.join(folder, download.suggestedFilename());
      await download.saveAs(file);
      execFileSync('tar', ['-xzf', file, '-C', folder]);
      expect(await readFile(path.join(folder, 'out', 'app.txt'), 'utf8')).toBe('built of no\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is readable at each width and in each scheme', async () => {
    const page = await stage.open(`/builds/${build.id}`);
    await testsOf(page).waitFor();
    for (const width of [1440, 390])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        const shown = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(shown, `at ${width} px`).toBeLessThanOrEqual(width);
        expect((await lookAtColours(page)).faint, colorScheme).toEqual([]);
        await testsOf(page).scrollIntoViewIfNeeded();
        await shoot(page, `results-${width}-${colorScheme}`);
      }
  });
});
