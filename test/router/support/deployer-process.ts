/**
 * A deployer as a process of its own, to be killed: it gets its claim and what its lease signals as messages, sends
 * every report and goes on when the answer comes. Arguments: router directory, engine host, network name and range as JSON.
 */
import { systemClock } from '../../../src/ports/clock.ts';
import type { DeploymentWork, ReportBody, Signals } from '../../../src/core/work.ts';
import { runDeployment } from '../../../worker/deploy/run-deployment.ts';
import { connectEngine } from '../../../worker/engine/connect-engine.ts';
import { openRouter } from '../../../worker/router/open-router.ts';
import { memoryLease } from './memory-lease.ts';

const [dir = '', engineHost = '', network = '{}'] = process.argv.slice(2);
const acknowledged: (() => void)[] = [];

let signals: Signals = { cancel: null, release: null, verdict: 'switch' };

process.on('message', (message: { work?: DeploymentWork; signals: Signals } | 'acknowledged') => {
  if (message === 'acknowledged') return acknowledged.shift()?.();
  signals = message.signals;
  return message.work === undefined ? undefined : void deploy(message.work);
});

async function deploy(work: DeploymentWork): Promise<void> {
  const lease = memoryLease({
    work,
    signals: () => signals,
    report: (report: ReportBody) =>
      new Promise<void>((resolve) => {
        acknowledged.push(resolve);
        process.send?.({ report });
      }),
    say: (line) => process.send?.({ line }),
  });
  await runDeployment(lease, {
    engine: connectEngine(engineHost),
    router: openRouter(dir),
    workerName: 'test',
    network: JSON.parse(network) as { name: string; range: string },
    clock: systemClock,
    active: new Set(),
    sealLog: async () => undefined,
  });
  process.exit(0);
}
