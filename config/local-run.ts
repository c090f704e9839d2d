import { homedir } from 'node:os';
import path from 'node:path';
import type { DiskShare, HostVolume } from './formats.ts';
import { readSettings } from './read-settings.ts';
import type { Environment } from './read-settings.ts';

/** What `slipway run` takes of its environment, by the same variables as a worker. */
export interface LocalRunSettings {
  /** Absolute path: which runs there are, and copies of their files while they last. */
  readonly dir: string;
  /** Absolute path: what steps have cached. */
  readonly cachesDir: string;
  readonly keepCachesBytes: number;
  readonly diskLow: DiskShare;
  /** Paths of the engine's host that the run may mount. */
  readonly hostVolumes: readonly HostVolume[];
  readonly dockerHost: string;
  readonly buildNetworks: string;
  readonly helper: string | null;
  readonly caBundle: string | null;
  readonly deadManSwitchMs: number;
  readonly registryIdleMs: number;
}

/** @throws Problem `settings_wrong` that lists every wrong setting, with the value seen and what to write. */
export function readLocalRunSettings(environment: Environment): LocalRunSettings {
  const own = path.join(environment['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'slipway');
  return readSettings(environment, (read) => ({
    dir: path.join(own, 'runs'),
    cachesDir: path.join(own, 'caches'),
    keepCachesBytes: read('keepCachesBytes'),
    diskLow: read('diskLow'),
    hostVolumes: read('hostVolumes'),
    dockerHost: read('dockerHost'),
    buildNetworks: read('buildNetworks'),
    helper: read('helper'),
    caBundle: read('caBundle'),
    deadManSwitchMs: read('deadManSwitchMs'),
    registryIdleMs: read('registryIdleMs'),
  }));
}
