import { startInstallation } from '../../scripts/installation/start-installation.ts';
import { Problem } from '../../src/core/problem.ts';

/* Starts an installation in the environment named, tells what came of it as one line of JSON, and waits to be killed. */
const environment = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const said: string[] = [];
try {
  const { url, routerUrl, routerDir, webhookSecret, adminTokenFile } = await startInstallation({
    environment,
    life: 'own',
    say: (sentence) => said.push(sentence),
  });
  console.log(JSON.stringify({ said, url, routerUrl, routerDir, webhookSecret, adminTokenFile }));
  setInterval(() => undefined, 60_000);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.log(JSON.stringify({ said, problem: error.message, fix: error.fix }));
}
