import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopInstallation } from '../scripts/installation/stop-installation.ts';
import { findProcesses } from '../src/parts/processes.ts';
import { ENVIRONMENT } from './place.ts';
import { removeImages } from './remove-images.ts';

/*
 * node demo/remove-place.ts <folder>: ends what of the demo lives on, in the environment that it ran in, and removes
 * its images; the folder itself is removed by the supervisor that runs this, so it waits until nobody uses it.
 */
const dir = process.argv[2] ?? '';
const ignore = (): void => undefined;
const text = await readFile(path.join(dir, ENVIRONMENT), 'utf8');
const environment = JSON.parse(text) as Record<string, string>;
await stopInstallation(environment, { apps: 'remove', say: ignore }).catch(ignore);
await removeImages(environment, dir).catch(ignore);
const users = (): number[] =>
  findProcesses('cmdline', (text) => text.includes(`${dir}/data/`) && !text.includes('supervise.ts'));
for (let tries = 0; tries < 400 && users().length > 0; tries += 1) await sleep(50);
