import type { Browser, Page } from 'playwright-core';
import { launchBrowser, signedInPage, type PageOptions } from '../../support/browser.ts';
import type { System, SystemOptions } from '../../support/system.ts';
import { startWorld, type World } from '../../scenarios/support/world.ts';

/** Where the tests' pictures go; none are taken without it. */
const SHOTS = process.env['SLIPWAY_SCREENSHOTS'] ?? null;

/** The whole product on real parts with a browser before it. */
export interface Stage {
  readonly world: World;
  readonly system: System;
  readonly browser: Browser;
  /** A page of its own, signed in, at this address. */
  open(target: string, options?: PageOptions): Promise<Page>;
  /** What consoles and scripts of the open pages complained about. */
  complaints(): readonly string[];
  /** Closes what `open` opened, after each test. */
  closePages(): Promise<void>;
  /** Ends everything, and holds that nothing of it is left. */
  stop(): Promise<void>;
}

export async function openStage(options: Partial<SystemOptions> = {}): Promise<Stage> {
  const world = await startWorld(options);
  const browser = await launchBrowser();
  const { system } = world;
  const opened: { page: Page; complaints: string[] }[] = [];
  return {
    world,
    system,
    browser,
    async open(target, pageOptions) {
      const made = await signedInPage(browser, system, pageOptions);
      opened.push(made);
      await made.page.goto(target);
      return made.page;
    },
    complaints: () => opened.flatMap(({ complaints }) => complaints),
    async closePages() {
      for (const { page } of opened.splice(0)) await page.context().close();
    },
    async stop() {
      await browser.close();
      await world.stop();
    },
  };
}

/** Marks the page as it is now; {@link isSamePage} then tells whether it was loaded again. */
export async function markPage(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute('data-marked', ''));
}

export function isSamePage(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.hasAttribute('data-marked'));
}

/** The text of the element that has the focus. */
export function focused(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.textContent ?? null);
}

export async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS !== null) await page.screenshot({ path: `${SHOTS}/${name}.png` });
}
