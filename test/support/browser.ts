import { chromium, type Browser, type Page } from 'playwright-core';
import { testParts } from './parts.ts';
import type { System } from './system.ts';

const FEATURES_OFF = [
  // Each window loads the pages of its address bar, in a process of its own: a third of all that Chromium does here.
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'],
  // A second list takes the place of Playwright's own, which is this (`chromiumSwitches.ts` of version 1.65).
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...['HttpsFirstBalancedModeAutoEnable', 'LensOverlay', 'MediaRouter', 'PaintHolding'],
  ...['ThirdPartyStoragePartitioning', 'AvoidCorsURLLoaderRestartOnRedirect', 'TcpPortRandomizationWin'],
  ...['OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled', 'PreconnectToSearch'],
];

/** Debian's Chromium, which must not look for anything outside. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${FEATURES_OFF.join(',')}`,
];

export function launchBrowser(): Promise<Browser> {
  const executablePath = testParts().chromium;
  if (executablePath === null) throw new Error('no Chromium: apt-get install chromium');
  return chromium.launch({ executablePath, args: FLAGS });
}

export interface PageOptions {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A page in a context of its own, signed in; every message of its console and every error of a script is collected. */
export async function signedInPage(
  browser: Browser,
  system: System,
  options: PageOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const width = options.width ?? 1440;
  const context = await browser.newContext({
    baseURL: system.url,
    viewport: { width, height: width > 600 ? 900 : 844 },
    colorScheme: options.scheme ?? 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  const answer = await context.request.post('/api/v1/session', {
    data: { token: system.adminToken },
    headers: { origin: system.url },
  });
  if (!answer.ok()) throw new Error(`sign-in: ${answer.status()} ${await answer.text()}`);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}
