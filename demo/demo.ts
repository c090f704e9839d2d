import { startInstallation, type Installation } from '../scripts/installation/start-installation.ts';
import { Problem } from '../src/core/problem.ts';
import { startGitHost, type GitHost } from '../test/support/git-host.ts';
import { NotShown } from './demand.ts';
import { keepRunning } from './keep-running.ts';
import { makePlace, type Place } from './place.ts';
import { runDemo, type Shown } from './run-demo.ts';
import { ensureServiceImages } from './service-images.ts';

/*
 * `npm run demo [-- --json] [-- --keep]`: the whole path of a push, on real parts, shown on the terminal. Exit code 0
 * only if every stage was observed. Nothing is left, unless `--keep` says so. `--json`: the last line is one summary.
 */
const options = new Set(process.argv.slice(2));
const unknown = [...options].filter((option) => !['--json', '--keep', '--kept'].includes(option));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(' ')}; there are --json and --keep`);
  process.exit(2);
}
process.exitCode = options.has('--keep') ? await keepRunning(process.argv[1] ?? '', options) : await main();

async function main(): Promise<number> {
  const startMs = Date.now();
  const stack = new AsyncDisposableStack();
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interruption.abort(new NotShown(`interrupted by ${signal}`)));
  const interrupted = new Promise<never>((_resolve, reject) => {
    interruption.signal.addEventListener('abort', () => reject(interruption.signal.reason as NotShown));
  });
  interrupted.catch(() => undefined);
  let code = 1;
  try {
    const { adminTokenFile, ...shown } = await Promise.race([
      perform(stack, interruption.signal),
      interrupted,
    ]);
    console.log(`\nEverything was observed, in ${((Date.now() - startMs) / 1_000).toFixed(0)} s.`);
    code = 0;
    if (options.has('--kept')) await hold(shown, adminTokenFile, interrupted);
    await stack.disposeAsync();
    summary({ ok: true, ...shown });
  } catch (error) {
    await stack.disposeAsync();
    if (error instanceof Problem) console.error(`\n${error.message}\n${error.fix}`);
    else if (error instanceof NotShown) console.error(`\nnot shown: ${error.message}`);
    else console.error(error);
    if (code !== 0) summary({ ok: false, error: String(error) });
  }
  return code;
}

/** Sets everything up, so that `stack` takes it down again in the opposite order, and runs the demo. */
async function perform(
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Shown & { readonly adminTokenFile: string }> {
  const say = (line: string): void => console.log(line);
  const place: Place = await makePlace(process.env);
  stack.defer(() => place.remove());
  say('Setting up');
  const starting: Promise<Installation> = startInstallation({
    environment: place.environment,
    life: 'with-parent',
    say: (sentence) => say(`  ${sentence}`),
    signal,
  });
  // Whatever is being started when the demo is interrupted is waited for: what it stands on is removed after it.
  stack.defer(async () => (await starting.catch(() => null))?.stop());
  const installation = await starting;
  // The Git host's files go with the place, however this process ends.
  process.env['TMPDIR'] = place.dir;
  const host: GitHost = await startGitHost();
  stack.defer(() => host.close());
  say(`  started a Git host at ${host.url}`);
  const { dockerHost, helper } = installation.parts;
  if (helper !== null) process.env['SLIPWAY_HELPER'] = helper;
  for (const image of await ensureServiceImages(place.environment, dockerHost, (line) => say(`  ${line}`)))
    say(`  the engine has ${image}`);
  return { ...(await runDemo(installation, host, say)), adminTokenFile: installation.adminTokenFile };
}

/** Tells the process that waits that all was shown, then stays until somebody ends this one. */
async function hold(shown: Shown, adminTokenFile: string, interrupted: Promise<never>): Promise<void> {
  console.log(`Sign in to its pages with the token in ${adminTokenFile}`);
  console.log(`It runs on; \`kill ${process.pid}\` ends it and removes everything.`);
  summary({ ok: true, ...shown });
  options.delete('--json');
  const alive = setInterval(() => undefined, 60_000);
  process.send?.('shown');
  process.disconnect();
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  await interrupted.catch(() => undefined);
  clearInterval(alive);
}

function summary(value: unknown): void {
  if (options.has('--json')) console.log(JSON.stringify(value));
}
