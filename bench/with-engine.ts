import { rm } from 'node:fs/promises';
import path from 'node:path';
import { answers, DEFAULT_ENGINE, startEngine } from '../src/parts/engine.ts';
import { freeRanges } from '../src/parts/free-ranges.ts';
import { installMissing } from '../src/parts/install-missing.ts';
import { makeRunFolder } from '../src/parts/run-folder.ts';

/** What every benchmark stands on. */
export interface Ground {
  readonly dockerHost: string;
  /** Ranges that nothing else on this machine uses. */
  readonly buildNetworks: string;
  readonly appNetwork: string;
  /** Folder of the run, removed at its end. */
  readonly dir: string;
  /** Progress; standard error, so that the last line of standard output is the result. */
  readonly say: (text: string) => void;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs `work` with the engine that the environment names, else one of its own that ends with it. */
export async function withEngine(work: (ground: Ground) => Promise<void>): Promise<void> {
  const mayInstall = process.env['SLIPWAY_INSTALL'] !== '0';
  await installMissing(
    [
      'engine',
      'buildClient',
      'iptables',
      'ip',
      'git',
      'curl',
      'socat',
      'redis',
      'registry',
      'haproxy',
      'busybox',
    ],
    {
      mayInstall,
      say,
    },
  );
  const dir = await makeRunFolder('slwb-');
  const [buildNetworks = '', appNetwork = ''] = await freeRanges(2);
  const named = process.env['DOCKER_HOST'] || ((await answers(DEFAULT_ENGINE)) ? DEFAULT_ENGINE : null);
  const ranges = [buildNetworks, appNetwork];
  const engine =
    named === null ? await startEngine({ dir: path.join(dir, 'engine'), ranges, warn: say }) : null;
  try {
    const dockerHost = named ?? engine?.host ?? '';
    process.env['DOCKER_HOST'] = dockerHost;
    await work({ dockerHost, buildNetworks, appNetwork, dir, say });
  } finally {
    await engine?.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
