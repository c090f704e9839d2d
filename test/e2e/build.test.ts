import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ENDS } from '../../src/core/end.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { openStage, shoot, type Stage } from './support/stage.ts';

let stage: Stage;
let repository: HostedRepository;

beforeAll(async () => {
  stage = await openStage({ capacity: 1 });
  repository = await stage.world.addProject('shop/web', { 'README.md': 'shop\n' });
});
afterEach(() => stage.closePages());
afterAll(() => stage.stop());

describe('a build with a test target, whose step paints', () => {
  let build: BuildView;
  let page: Page;
  beforeAll(async () => {
    const id = await push(stage.system, repository, PAINTED);
    build = await endOf(stage.system, id);
    expect(build.status, JSON.stringify(build)).toBe('success');
  });

  const open = async (): Promise<void> => {
    page = await stage.open(`/builds/${build.id}`);
    await page.getByRole('log').getByText('done', { exact: true }).waitFor();
  };

  it('names both digests, and what lint warns of with its place', async () => {
    await open();
    const { image } = build;
    if (image === null) throw new Error('no image');
    const digests = page
      .getByRole('region', { name: 'Image' })
      .locator('dt', { hasText: 'Tested in' })
      .locator('+ dd code');
    const titles = await digests.evaluateAll((found) => found.map((code) => code.getAttribute('title')));
    expect(titles).toEqual([image.testImageId, image.imageId]);
    expect(new Set(titles).size).toBe(2);
    const warning = await page.getByRole('region', { name: 'Pipeline file' }).textContent();
    expect(warning).toMatch(/slipway\.yml:3:16.*warning: Steps run in test\b/s);
  });

  it('draws each step where it was in time', async () => {
    await open();
    const [from, to] = [build.startedAtMs ?? 0, build.finishedAtMs ?? 0];
    for (const { name, attempts } of build.workflows.flatMap((workflow) => workflow.steps)) {
      const [attempt] = attempts;
      if (attempt?.startedAtMs == null || attempt.finishedAtMs === null)
        throw new Error(`${name} did not run`);
      const bar = page.getByRole('button', { name: new RegExp(`${name}\\b`) }).locator('rect');
      const [x, width] = [await numberOf(bar, 'x'), await numberOf(bar, 'width')];
      const scale = 1000 / (to - from);
      expect(x, name).toBeCloseTo((attempt.startedAtMs - from) * scale, 3);
      expect(width, name).toBeCloseTo(Math.max(6, (attempt.finishedAtMs - attempt.startedAtMs) * scale), 3);
    }
    const width = async (name: string) =>
      (await page.getByRole('button', { name }).locator('rect').boundingBox())?.width ?? 0;
    expect(await width('paint')).toBeGreaterThan(await width('clone'));
  });

  it("shows colours, a progress line's last state, and times when asked", async () => {
    await open();
    const log = page.getByRole('log');
    expect(await style(log.getByText('well', { exact: true }), 'color')).toBe('rgb(25, 112, 58)');
    expect(await style(log.getByText('bold', { exact: true }), 'font-weight')).toBe('700');
    expect(await style(log.getByText('FAIL', { exact: true }), 'background-color')).toBe('rgb(179, 38, 30)');
    const texts = await log.locator('.log-text').allTextContents();
    expect(texts.slice(-3)).toEqual(['well bold FAIL', 'at 100%', 'done']);
    const time = log.locator('.log-time').last();
    expect(await time.isVisible()).toBe(false);
    await page.getByLabel('times').check();
    expect(await time.isVisible()).toBe(true);
    const logId = build.workflows[0]?.steps.find(({ name }) => name === 'paint')?.attempts[0]?.logId ?? '';
    const { range } = await stage.system.api<{ range: { timeMs: number }[] }>('GET', `/logs/${logId}`);
    expect(await time.textContent()).toBe(new Date(range.at(-1)?.timeMs ?? 0).toISOString().slice(11, 23));
  });

  it('is run again by its button, which leads to the new build', async () => {
    await open();
    await page.getByRole('button', { name: 'Re-run' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/builds/') && !url.pathname.includes(build.id));
    const id = new URL(page.url()).pathname.slice('/builds/'.length);
    const again = await endOf(stage.system, id);
    expect(again).toMatchObject({ status: 'success', rerunOf: build.id, commit: build.commit });
    await page.locator('.title .status-success').waitFor();
    await page.getByRole('link', { name: `build #${build.number}`, exact: true }).click();
    await page.waitForURL(`**/builds/${build.id}`);
    await page.getByRole('heading', { name: `#${build.number}` }).waitFor();
  });
});

it('run now builds the newest commit of the branch that is named', async () => {
  const commit = repository.commit({ 'slipway.yml': QUICK }, 'On a branch of its own', { branch: 'side' });
  const page = await stage.open('/projects');
  await page.getByRole('link', { name: /shop\/web/ }).click();
  await page.getByLabel('Branch', { exact: true }).fill('side');
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.getByRole('heading', { name: 'On a branch of its own' }).waitFor();
  const id = new URL(page.url()).pathname.slice('/builds/'.length);
  expect(await endOf(stage.system, id)).toMatchObject({
    commit,
    event: 'manual',
    refName: 'side',
    status: 'success',
  });
  expect(await page.locator('.meta').textContent()).toContain('run on side');
});

it('run now asks for the inputs of the file, with their defaults, and shows what is wrong with them', async () => {
  repository.commit({ 'slipway.yml': ASKS }, 'It asks', { branch: 'asks' });
  const page = await stage.open('/projects');
  await page.getByRole('link', { name: /shop\/web/ }).click();
  await page.getByLabel('Branch', { exact: true }).fill('asks');
  await page.getByRole('button', { name: 'Run now' }).click();
  const form = page.getByRole('form', { name: 'Inputs' });
  await form.getByLabel('target').waitFor();
  expect(await form.getByLabel('target').inputValue()).toBe('staging');
  expect(await form.getByLabel('version').inputValue()).toBe('v1');
  expect(await form.getByLabel('dry-run').isChecked()).toBe(false);
  await shoot(page, 'inputs');
  await form.getByLabel('target').selectOption('live');
  await form.getByLabel('version').fill('latest');
  await form.getByRole('button', { name: 'Run now' }).click();
  await page.getByRole('alert').getByText('cannot be').waitFor();
  expect(await form.getByLabel('target').inputValue()).toBe('live');
  await form.getByLabel('version').fill('v22');
  await form.getByLabel('dry-run').check();
  await form.getByRole('button', { name: 'Run now' }).click();
  await page.getByRole('heading', { name: 'It asks' }).waitFor();
  const id = new URL(page.url()).pathname.slice('/builds/'.length);
  const inputs = { target: 'live', version: 'v22', 'dry-run': 'true' };
  expect(await endOf(stage.system, id)).toMatchObject({ event: 'manual', status: 'success', inputs });
  const facts = page.getByRole('region', { name: 'Inputs' });
  expect(await facts.locator('dd').allTextContents()).toEqual(['live', 'v22', 'true']);
});

it('the schedules of a project are on its page, and are stopped there', async () => {
  await push(stage.system, repository, { 'slipway.yml': TIMED });
  const page = await stage.open('/projects');
  await page.getByRole('link', { name: /shop\/web/ }).click();
  const section = page.getByRole('region', { name: 'Schedules' });
  const row = section.getByRole('listitem').filter({ hasText: 'nightly' });
  await row.getByText('Europe/Berlin').waitFor();
  expect(await row.locator('time').count()).toBe(3);
  await shoot(page, 'schedules');
  await row.getByRole('button', { name: 'Disable nightly' }).click();
  await row.getByText('Disabled').waitFor();
  await row.getByRole('button', { name: 'Enable nightly' }).click();
  await row.getByText('Next').waitFor();
});

it('a build that waits names its place and why, in the list and on its page, and goes on when its turn comes', async () => {
  const first = await push(stage.system, repository, { 'slipway.yml': LONG }, { branch: 'long' });
  const runs = await stage.open(`/builds/${first}`);
  await runs.locator('.title .status-running').waitFor();
  const second = await push(
    stage.system,
    repository,
    { 'slipway.yml': QUICK },
    { branch: 'waits', message: 'Wait' },
  );
  const list = await stage.open('/');
  const waits = await stage.open(`/builds/${second}`);
  await waits.getByText('Place 1 in the queue').waitFor();
  const { waiting } = await stage.system.api<BuildView>('GET', `/builds/${second}`);
  expect(waiting?.why).toMatch(/\w/);
  expect(await waits.locator('.box').textContent()).toBe(`Place 1 in the queue: ${waiting?.why ?? ''}`);
  const row = list.getByRole('listitem').filter({ hasText: 'Wait' });
  expect(await row.locator('.row-note').textContent()).toBe(`place 1: ${waiting?.why ?? ''}`);
  await runs.locator('.title').getByRole('button', { name: 'Cancel' }).click();
  await runs.locator('.title .status-cancelled').waitFor({ timeout: 60_000 });
  await waits.locator('.title .status-success').waitFor({ timeout: 60_000 });
  await row.getByText('success').waitFor();
});

it('calls a deployment off by its button, and the build goes on to its end', async () => {
  const files = appFiles('1');
  const id = await push(stage.system, repository, {
    ...files,
    'slipway.yml': (files['slipway.yml'] ?? '').replace('sh /check.sh', 'sleep 600'),
  });
  const page = await stage.open(`/builds/${id}`);
  const deployments = page.getByRole('region', { name: 'Deployments' });
  await page.getByRole('button', { name: /unit/ }).locator('.status-running').waitFor({ timeout: 60_000 });
  await deployments.getByRole('button', { name: 'Cancel the deployment to production' }).click();
  await deployments.getByText('cancelled', { exact: true }).first().waitFor();
  expect(await deployments.getByText('cancelled by').textContent()).toContain('cancelled by admin');
  expect(await deployments.getByRole('button', { name: /Cancel/ }).count()).toBe(0);
  const { status, deployments: recorded } = await stage.system.api<BuildView>('GET', `/builds/${id}`);
  expect(status).toBe('running');
  expect(recorded.map((deployment) => deployment.status)).toEqual(['cancelled']);
  await page.locator('.title').getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.title .status-cancelled').waitFor({ timeout: 60_000 });
});

describe('a build of which one branch fails', () => {
  let failed: BuildView;
  let again: string;
  const stepsOf = ({ workflows }: BuildView) =>
    Object.fromEntries(workflows.flatMap(({ steps }) => steps.map((step) => [step.name, step])));

  it('runs again only what failed, in the same image, and ships that once all is green', async () => {
    const flaky = await stage.world.addProject('shop/flaky', BRANCHES);
    await stage.system.api('PUT', '/projects/shop%2Fflaky/secrets/mood', { value: 'bad mood' });
    failed = await endOf(stage.system, await push(stage.system, flaky, {}));
    expect(failed.status, JSON.stringify(failed)).toBe('failure');
    const page = await stage.open(`/builds/${failed.id}`);
    await page.getByText('What does “Re-run failed” run?').click();
    await page.getByText('prepare, unit, after run again; lint stays green').waitFor();
    await stage.system.api('PUT', '/projects/shop%2Fflaky/secrets/mood', { value: 'good mood' });
    await page.getByRole('button', { name: 'Re-run failed' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/builds/') && !url.pathname.includes(failed.id));
    again = new URL(page.url()).pathname.slice('/builds/'.length);
    const green = await endOf(stage.system, again);
    expect(green.status, JSON.stringify(green)).toBe('success');
    expect(green.rerunFrom).toEqual({ id: failed.id, number: failed.number });
    expect(green.image?.imageId).toBe(failed.image?.imageId);
    expect(green.pushed).toMatchObject({ digest: failed.pushed?.digest, tags: ['tested'] });
    const [before, after] = [stepsOf(failed), stepsOf(green)];
    expect(after['lint']?.attempts).toEqual(before['lint']?.attempts);
    expect(after['unit']?.attempts.map(({ status }) => status)).toEqual(['success']);
    await page.getByRole('button', { name: /^success lint green in #/ }).waitFor();
    await page.getByText(`runs again what failed of build #${failed.number}`).waitFor();
  });

  it('says what to do about the end of the step that failed, below its reason', async () => {
    const page = await stage.open(`/builds/${failed.id}`);
    const why = page.getByRole('region', { name: 'Why unit failed' });
    await why.getByText('out of sorts', { exact: true }).waitFor();
    const fix = ENDS.exit_code.fix.replaceAll('`', '');
    expect(await why.textContent()).toContain(fix);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await shoot(page, `failed-${width}-${colorScheme}`);
      }
    }
  });

  it('shows the attempts of a step, and two of them beside one another', async () => {
    const page = await stage.open(`/builds/${again}`);
    const attempts = page.getByRole('region', { name: 'Attempts' });
    const tries = attempts
      .locator('div', { has: page.getByRole('heading', { name: /^unit/ }) })
      .getByRole('listitem');
    await expect.poll(() => tries.count()).toBe(2);
    expect(await tries.nth(0).textContent()).toContain(`#${failed.number} on ${stage.system.workerName}`);
    expect(await tries.nth(0).locator('.status-failure').count()).toBe(1);
    expect(await tries.nth(1).locator('.status-success').count()).toBe(1);
    await shoot(page, 'attempts');
    await attempts.getByRole('link', { name: 'Compare the attempts of unit' }).click();
    const [left, right] = [
      page.getByRole('region', { name: 'The attempt on the left' }),
      page.getByRole('region', { name: 'The attempt on the right' }),
    ];
    await left.getByRole('log').getByText('out of sorts', { exact: true }).waitFor();
    await right.getByRole('log').getByText('in high spirits', { exact: true }).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 1440, height: 900 });
      const [a, b] = [await left.boundingBox(), await right.boundingBox()];
      expect((b?.x ?? 0) - ((a?.x ?? 0) + (a?.width ?? 0))).toBeGreaterThanOrEqual(0);
      expect(b?.y).toBe(a?.y);
      await shoot(page, `compare-${colorScheme}`);
      await page.setViewportSize({ width: 390, height: 844 });
      const [above, below] = [await left.boundingBox(), await right.boundingBox()];
      expect((below?.y ?? 0) - ((above?.y ?? 0) + (above?.height ?? 0))).toBeGreaterThanOrEqual(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      await shoot(page, `compare-390-${colorScheme}`);
    }
    await left.getByLabel('Attempt on the left').selectOption({ label: `#${failed.number + 1} success` });
    await left.getByRole('log').getByText('in high spirits', { exact: true }).waitFor();
  });

  it('lets one step be cancelled alone, and the other branch runs on', async () => {
    const page = await stage.open('/');
    const id = await push(stage.system, await stage.world.addProject('shop/slow', SLOW), {});
    await page.goto(`/builds/${id}`);
    await page.getByRole('button', { name: /^running slow/ }).click({ timeout: 60_000 });
    await page.getByRole('log').getByText('slowly', { exact: true }).waitFor();
    await shoot(page, 'cancel-step');
    const askedMs = Date.now();
    await page.getByRole('button', { name: 'Cancel the step slow' }).click();
    await page.getByRole('button', { name: /^cancelled slow/ }).waitFor();
    expect(Date.now() - askedMs).toBeLessThan(2_000);
    const seen = await stage.system.api<BuildView>('GET', `/builds/${id}`);
    expect(seen.status).toBe('running');
    expect(stepsOf(seen)['beside']?.status).toBe('running');
    const { attempts: [ended] = [] } = stepsOf(seen)['slow'] ?? {};
    expect((ended?.finishedAtMs ?? Infinity) - askedMs).toBeLessThan(1_000);
    const build = await endOf(stage.system, id);
    expect(build).toMatchObject({ status: 'cancelled', reason: 'step slow: cancelled by admin' });
    const ends = Object.entries(stepsOf(build)).map(([name, { status }]) => `${name} ${status}`);
    expect(ends).toEqual(['clone success', 'slow cancelled', 'after skipped', 'beside success']);
  });
});

describe('a build of several workflows, one of them a matrix', () => {
  let build: BuildView;
  beforeAll(async () => {
    const several = await stage.world.addProject('shop/several', WORKFLOWS);
    build = await endOf(stage.system, await push(stage.system, several, {}));
    expect(build.status, JSON.stringify(build)).toBe('failure');
  });

  it('shows the combinations of a matrix together, and opens what failed', async () => {
    const page = await stage.open(`/builds/${build.id}`);
    const matrix = page.getByRole('region', { name: 'Workflow test' });
    await matrix.getByText('2 of 3 combinations green').waitFor();
    const open = await matrix
      .locator('details')
      .evaluateAll((all) =>
        all.map((one) => [
          one.querySelector('.combination-name')?.textContent.trim(),
          (one as HTMLDetailsElement).open,
        ]),
      );
    expect(open).toEqual([
      ['FLAVOUR=sweet', false],
      ['FLAVOUR=sour', true],
      ['FLAVOUR=bitter', false],
    ]);
    await expect.poll(() => page.getByRole('log').textContent()).toContain('sour fails');
    await shoot(page, 'workflows');
    await page.setViewportSize({ width: 390, height: 844 });
    await shoot(page, 'workflows-390');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(page, 'workflows-dark');
  });

  it('says why a workflow did not run, and which combination a log is of', async () => {
    const page = await stage.open(`/builds/${build.id}`);
    const skipped = page.getByRole('region', { name: 'Workflow after' });
    expect(await skipped.textContent()).toContain('workflow test (FLAVOUR=sour) ended with failure');
    const matrix = page.getByRole('region', { name: 'Workflow test' });
    await matrix.getByText('FLAVOUR=sweet').click();
    await matrix.locator('details').first().getByRole('button', { name: 'taste' }).click();
    await page.getByRole('region', { name: 'Log of test (FLAVOUR=sweet): taste' }).waitFor();
    await page.getByRole('log').getByText('sweet tastes', { exact: true }).waitFor();
  });
});

const WORKFLOWS: Readonly<Record<string, string>> = {
  '.slipway/after.yml': [
    'depends_on: test',
    'steps: { late: { image: "slipway-test/busybox:1", commands: "true" } }',
    '',
  ].join('\n'),
  '.slipway/test.yml': [
    'matrix: { FLAVOUR: [sweet, sour, bitter] }',
    'steps:',
    '  taste:',
    '    image: slipway-test/busybox:1',
    '    commands: [\'if [ "$FLAVOUR" = sour ]; then echo sour fails; exit 1; fi\', echo $FLAVOUR tastes]',
    '',
  ].join('\n'),
};

const BRANCHES: Readonly<Record<string, string>> = {
  Dockerfile: 'FROM slipway-test/busybox:1\nRUN date +%s%N > /built\n',
  'slipway.yml': [
    'image: {}',
    'steps:',
    '  - { name: prepare, commands: [echo made > "$CI_WORKSPACE/made"], depends_on: [] }',
    '  - { name: lint, commands: [cat /built], depends_on: [] }',
    '  - name: unit',
    '    depends_on: [prepare]',
    '    environment: { MOOD: { from_secret: mood } }',
    '    commands:',
    '      - cat "$CI_WORKSPACE/made"',
    '      - if [ ${#MOOD} = 8 ]; then echo out of sorts; exit 3; fi',
    '      - echo in high spirits',
    '  - { name: after, commands: ["true"], depends_on: [unit] }',
    'push: { tags: [tested] }',
    '',
  ].join('\n'),
};

/** `beside` goes on for some seconds once `slow` was told to end. */
const SLOW: Readonly<Record<string, string>> = {
  'slipway.yml': [
    'steps:',
    '  - name: slow',
    '    image: slipway-test/busybox:1',
    '    commands: [echo slowly, "trap \'touch told; exit 1\' TERM", "sleep 600 & wait"]',
    '    depends_on: []',
    '  - { name: after, image: "slipway-test/busybox:1", commands: ["true"], depends_on: [slow] }',
    '  - name: beside',
    '    image: slipway-test/busybox:1',
    '    commands: ["until test -e told; do sleep 1; done", sleep 6]',
    '    depends_on: []',
    '',
  ].join('\n'),
};

const QUICK = 'steps:\n  - { name: quick, image: "slipway-test/busybox:1", commands: ["true"] }\n';
const ASKS = `inputs:
  target: { type: choice, options: [staging, live], default: staging, description: Where it goes }
  version: { pattern: "^v[0-9]+$", default: v1, required: true, description: The version that is shipped }
  replicas: { type: number, min: 1, max: 9 }
  dry-run: { type: boolean, description: Only show what would be done }
${QUICK}`;
const TIMED = `cron:
  nightly: { schedule: "30 3 * * MON-FRI", timezone: Europe/Berlin }
  yearly: { schedule: "@yearly" }
${QUICK}`;
const LONG = 'steps:\n  - { name: long, image: "slipway-test/busybox:1", commands: [sleep 600] }\n';

const PAINTED: Readonly<Record<string, string>> = {
  Dockerfile: [
    'FROM slipway-test/busybox:1 AS base',
    'FROM base AS test',
    'RUN echo only for tests > /tools',
    'FROM base AS runtime',
    'RUN echo ships > /ships',
    '',
  ].join('\n'),
  'paint.sh': [
    'sleep 1',
    String.raw`printf '\033[32mwell\033[0m \033[1mbold\033[0m \033[41;97mFAIL\033[0m\n'`,
    String.raw`printf 'at 10%%\rat 50%%\rat 100%%\n'`,
    'echo done',
    '',
  ].join('\n'),
  'slipway.yml': `image:
  target: runtime
  test_target: test
steps:
  - { name: paint, commands: [sh paint.sh] }
push:
  tags: [painted]
`,
};

async function numberOf(element: Locator, name: string): Promise<number> {
  return Number(await element.getAttribute(name));
}

function style(element: Locator, name: string): Promise<string> {
  return element.evaluate((found, property) => getComputedStyle(found).getPropertyValue(property), name);
}
