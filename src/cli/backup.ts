import path from 'node:path';
import { installationOf } from '../backup/installation.ts';
import type { Manifest } from '../backup/manifest.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { takeBackup } from '../backup/take-backup.ts';
import { callHere, type LocalCommand } from './call-here.ts';

const SETTINGS = `Run it on the server's machine, as the server's user, with the server's settings (SLIPWAY_DATA, DATABASE_URL,
SLIPWAY_ROUTER_DIR, SLIPWAY_CONFIG).`;

const backup: LocalCommand = {
  usage: 'slipway backup TARGET [--json]',
  about: `Copies database, keys, logs and router state into the folder TARGET, which is not there yet or empty, while the
server runs and builds write. ${SETTINGS}`,
  arguments: ['TARGET'],
  run: async ({ settings, positionals: [target = ''], json, signal, say }) => {
    const manifest = await takeBackup(installationOf(settings()), path.resolve(target), { signal });
    say(json ? JSON.stringify(summary(manifest)) : `backed up to ${target}: ${inWords(manifest)}`);
  },
};

const restore: LocalCommand = {
  usage: 'slipway restore SOURCE [--json]',
  about: `Checks the backup in the folder SOURCE and puts it where the settings point, with the server stopped. It writes
over nothing. ${SETTINGS}`,
  arguments: ['SOURCE'],
  run: async ({ settings, positionals: [source = ''], json, signal, say }) => {
    const manifest = await restoreBackup(installationOf(settings()), path.resolve(source), { signal });
    const where = settings().dataDir;
    say(json ? JSON.stringify(summary(manifest)) : `restored to ${where}: ${inWords(manifest)}`);
  },
};

/** `slipway backup`. Gives the exit status. */
export const backupCommand = (argv: readonly string[]): Promise<number> => callHere(backup, argv);

/** `slipway restore`. Gives the exit status. */
export const restoreCommand = (argv: readonly string[]): Promise<number> => callHere(restore, argv);

function summary({ files, ...facts }: Manifest): Omit<Manifest, 'files'> & { files: number; bytes: number } {
  return { ...facts, files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

function inWords(manifest: Manifest): string {
  const { takenAt, schema, bytes } = summary(manifest);
  const logs = manifest.files.filter(({ path: name }) => name.endsWith('.log')).length;
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `the record of ${takenAt} (schema ${schema}), ${logs} logs, ${size}`;
}
