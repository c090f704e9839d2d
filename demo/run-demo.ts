import type { Installation } from '../scripts/installation/start-installation.ts';
import type { BuildView } from '../src/core/views/build-view.ts';
import type { DeliveryView } from '../src/core/views/delivery-view.ts';
import type { EnvironmentView } from '../src/core/views/environment-view.ts';
import type { LogRangeView } from '../src/core/views/log-view.ts';
import type { Page } from '../src/core/views/page.ts';
import type { GitHost, HostedRepository } from '../test/support/git-host.ts';
import { appFiles, changeLine } from './app-files.ts';
import { deliverPush, type Delivered } from './deliver-push.ts';
import { compare, figuresOf, type PushFigures } from './figures.ts';
import { followBuild } from './follow-build.ts';
import { demand } from './demand.ts';
import { ask, startTraffic, type Seen } from './traffic.ts';

export const APP_HOST = 'links.example.com';
const REPOSITORY = 'harbour/links';

/** What the demo has shown. */
export interface Shown {
  readonly urls: { readonly page: string; readonly app: string };
  readonly first: PushFigures;
  readonly second: PushFigures;
  readonly broken: { readonly status: string; readonly deployed: false };
  readonly traffic: Seen;
}

/**
 * Three pushes to a real repository: the service, one line changed, one line broken. Every stage is observed where
 * it can be seen from outside, or this throws.
 */
export async function runDemo(
  installation: Installation,
  host: GitHost,
  say: (line: string) => void,
): Promise<Shown> {
  const repository = host.create(REPOSITORY);
  const play: Play = { installation, repository, say, last: null };
  say('\nThe first push: a service with a database in its tests');
  const firstFiles = appFiles();
  const first = await pushAndDeploy(play, firstFiles, 'Short links', 'Short links for the harbour');
  const urls = { page: `${installation.url}/builds/${first.buildId}`, app: installation.routerUrl };
  const page = await fetch(urls.page, { headers: { accept: 'text/html' } });
  demand(page.ok && (await page.text()).includes('<title>Slipway'), `the page answers ${page.status}`);
  say(`  page  ${urls.page}`);
  say(`  app   ${urls.app} (Host: ${APP_HOST})`);

  const traffic = startTraffic(installation.routerUrl, APP_HOST);
  try {
    say('\nThe second push: one line changed, while people use the app');
    const line = changeLine(
      'src/greeting.js',
      'Short links for the harbour',
      'Short links for harbour and town',
    );
    const second = await pushAndDeploy(play, line, 'Greet the town', 'Short links for harbour and town');
    for (const row of compare(first.figures, second.figures)) say(`  ${row}`);
    demandAllWell(traffic.seen(), 2);

    say('\nThe third push: one line broken');
    const fault = changeLine('src/short-code.js', 'subarray(0, 7)', 'subarray(0, 6)');
    const broken = await pushBroken(play, fault, second.figures.digest);
    const seen = await traffic.stop();
    demandAllWell(seen, 2);
    say(`  ${seen.requests} requests through the router since the first release, ${seen.failed} failed`);
    return { urls, first: first.figures, second: second.figures, broken, traffic: seen };
  } finally {
    await traffic.stop();
  }
}

interface Play {
  readonly installation: Installation;
  readonly repository: HostedRepository;
  readonly say: (line: string) => void;
  /** The commit pushed last. */
  last: string | null;
}

async function pushAndDeploy(
  play: Play,
  files: Readonly<Record<string, string>>,
  message: string,
  greeting: string,
): Promise<{ readonly buildId: string; readonly figures: PushFigures }> {
  const { installation, say } = play;
  const { build, sent } = await push(play, files, message);
  demand(
    build.status === 'success',
    `build #${build.number} is ${build.status}${await failedLog(play, build)}`,
  );
  for (const { environment, status, reason } of build.deployments)
    demand(status === 'success', `the deployment to ${environment} is ${status}: ${reason ?? ''}`);
  const figures = figuresOf(build, await deliveryOf(play, build), sent);
  await demandTag(installation, build, figures.digest);
  await demandLog(play, build, 'unit', /pass 9\b/);
  await demandLog(play, build, 'integration', /pass 2\b/);
  await demandLive(play, figures.digest);
  const page = await ask(installation.routerUrl, APP_HOST, { path: '/' });
  demand(page.status === 200 && page.text.includes(greeting), `the app answers ${page.status} ${page.text}`);
  say(`  the app says: ${page.text.trim()}`);
  return { buildId: build.id, figures };
}

/** Nothing may change for the public: no deployment, no tag, the same digest live. */
async function pushBroken(
  play: Play,
  files: Readonly<Record<string, string>>,
  liveDigest: string,
): Promise<Shown['broken']> {
  const { build } = await push(play, files, 'Shorten the codes');
  demand(build.status === 'failure', `the broken build is ${build.status}`);
  const deployed = build.deployments.some(({ switchedAtMs }) => switchedAtMs !== null);
  demand(!deployed, 'the broken build was deployed');
  demand((build.pushed?.tags ?? []).length === 0, 'the broken build has tags');
  await demandLog(play, build, 'unit', /a code has seven letters/);
  await demandLive(play, liveDigest);
  play.say('  not deployed; what was live is live');
  return { status: build.status, deployed: false };
}

async function push(
  play: Play,
  files: Readonly<Record<string, string>>,
  message: string,
): Promise<{ readonly build: BuildView; readonly sent: Delivered }> {
  const { installation, repository, say } = play;
  const commit = repository.commit(files, message);
  if (play.last === null) await installation.api.ask('POST', '/projects', { cloneUrl: repository.cloneUrl });
  const sent = await deliverPush(installation.api.url, installation.webhookSecret, {
    repository: REPOSITORY,
    cloneUrl: repository.cloneUrl,
    commit,
    before: play.last,
    message,
    changed: Object.keys(files),
  });
  play.last = commit;
  demand(sent.status === 202, `the delivery was answered ${sent.status} ${sent.text}`);
  say(`  ✓ delivery accepted (${sent.tookMs.toFixed(0)} ms)`);
  const build = await followBuild(installation.api, commit, ({ name, status, tookMs, reason }) => {
    const mark = status === 'success' ? '✓' : status === 'skipped' ? '–' : '✗';
    const why = status === 'success' ? '' : ` ${status}${reason === null ? '' : `: ${reason}`}`;
    say(`  ${mark} ${name}${why}${status === 'skipped' ? '' : ` (${(tookMs / 1_000).toFixed(2)} s)`}`);
  });
  return { build, sent };
}

async function deliveryOf({ installation }: Play, build: BuildView): Promise<DeliveryView> {
  demand(build.deliveryId !== null, 'the build names no delivery');
  return installation.api.ask<DeliveryView>('GET', `/deliveries/${build.deliveryId}`);
}

/** The tag in the registry leads to the digest that was tested. */
async function demandTag(installation: Installation, build: BuildView, digest: string): Promise<void> {
  const { registry } = installation.parts;
  const name = (build.pushed?.repository ?? '').replace(`${registry.host}/`, '');
  const url = `${registry.insecure ? 'http' : 'https'}://${registry.host}/v2/${name}/manifests/main`;
  const accept =
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(url, { method: 'HEAD', headers: { accept } });
  const seen = answer.headers.get('docker-content-digest');
  demand(seen === digest, `the registry's tag main is ${seen ?? answer.status}, not ${digest}`);
}

async function demandLog(play: Play, build: BuildView, step: string, has: RegExp): Promise<void> {
  const found = build.workflows.flatMap(({ steps }) => steps).find(({ name }) => name === step);
  const id = found?.attempts.at(-1)?.logId ?? '';
  const { api } = play.installation;
  const { range } = await api.ask<LogRangeView>('GET', `/logs/${id}?from=0&count=500`);
  const text = range.map((line) => line.text).join('\n');
  demand(has.test(text), `the log of ${step} does not say ${has.source}:\n${text}`);
}

/** The last lines of the step that failed, for whoever looks for the cause. */
async function failedLog(play: Play, build: BuildView): Promise<string> {
  const steps = build.workflows.flatMap(({ steps: all }) => all);
  const id = steps.find(({ status }) => status === 'failure' || status === 'error')?.attempts.at(-1)?.logId;
  if (id === undefined) return `: ${build.reason ?? ''}`;
  const { range } = await play.installation.api.ask<LogRangeView>('GET', `/logs/${id}?from=0&count=500`);
  const lines = range.slice(-20).map(({ text }) => `  | ${text}`);
  return `: ${build.reason ?? ''}\n${lines.join('\n')}`;
}

async function demandLive({ installation }: Play, digest: string): Promise<void> {
  const { items } = await installation.api.ask<Page<EnvironmentView>>('GET', '/environments');
  const live = items.find(({ name }) => name === 'production')?.live?.digest;
  demand(live === digest, `production runs ${live ?? 'nothing'}, not ${digest}`);
}

function demandAllWell(seen: Seen, greetings: number): void {
  demand(seen.failed === 0, `${seen.failed} of ${seen.requests} requests failed: ${seen.firstFailure ?? ''}`);
  const list = seen.greetings.join(' | ');
  demand(seen.greetings.length === greetings, `people saw ${seen.greetings.length} releases: ${list}`);
}
