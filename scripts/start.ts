import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPartsSettings } from '../config/settings.ts';
import { Problem } from '../src/core/problem.ts';
import { refuseArguments } from './installation/refuse-arguments.ts';
import { startInstallation, type Installation } from './installation/start-installation.ts';
import { demandStopped, noteStart } from './installation/stop-installation.ts';

/*
 * `npm start`: everything on this machine, for use. Ctrl-C ends server, worker and Redis; apps, router, registry and
 * an engine of our own live on until `npm stop`.
 */
const say = (sentence: string): void => console.log(`· ${sentence}`);
refuseArguments('npm start', process.argv.slice(2));
let began = false;
try {
  await demandStopped(readPartsSettings(process.env).dataDir);
  began = true;
  const installation = await startInstallation({ environment: process.env, life: 'own', say });
  const forget = await noteStart(installation.dataDir);
  explain(installation);
  await asked();
  say('ending; apps, router and registry live on until `npm stop`');
  await sayLost(installation);
  await installation.stop();
  await forget();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(`${error.message}\n${error.fix}`);
  if (began)
    console.error('What was started as a part of its own (engine, registry, router) is ended by `npm stop`.');
  process.exitCode = 1;
}

function explain({ url, routerUrl, dataDir, adminTokenFile }: Installation): void {
  console.log(`
Pages      ${url}
Sign in    with the token in ${adminTokenFile}
Webhook    ${url}/webhooks/github, content type application/json,
           secret in SLIPWAY_WEBHOOK_SECRETS or ${path.join(dataDir, 'webhook-secret')}
Apps       ${routerUrl}, by their host name
Commands   export SLIPWAY_URL=${url} SLIPWAY_TOKEN="$(cat ${adminTokenFile})"
           npx slipway --help   (in this folder)
Logs       ${dataDir}/server.log, worker.log
`);
}

/** What ends with the worker, as far as the server tells it soon. */
async function sayLost({ api }: Installation): Promise<void> {
  const asked = api.ask<{ items: { status: string }[] }>('GET', '/builds?limit=100');
  const { items } = await Promise.race([
    asked.catch(() => ({ items: [] })),
    sleep(1_000, { items: [] }, { ref: false }),
  ]);
  const running = items.filter(({ status }) => status === 'running').length;
  if (running > 0)
    say(
      `${running === 1 ? 'a build that runs is' : `${running} builds that run are`} lost by this: an error, or where no ` +
        'step had begun built again at the next start',
    );
}

/** Ctrl-C, or `npm stop`. What we run does not keep this process alive; the wait does. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  });
}
