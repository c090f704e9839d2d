import { access, constants, stat, statfs } from 'node:fs/promises';
import { fail, ok, warn, type Check } from './check.ts';

const GB = 1e9;
/** Logs and mirrors come in bursts: with less, a few builds may fill the disk. */
const LITTLE_BYTES = 5 * GB;
const NOTHING_BYTES = GB / 5;

export function checkDataFolder(dataDir: string): Check {
  return {
    name: 'data folder',
    run: async () => {
      const facts = await stat(dataDir).catch(() => null);
      if (facts === null)
        return warn(
          `${dataDir} is not there`,
          'The first start makes it; else name the right one with SLIPWAY_DATA.',
        );
      const isOurs = await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!isOurs)
        return fail(
          `${dataDir} cannot be written to by this user`,
          "Run as the server's user, or give it the folder.",
        );
      const { bavail, bsize } = await statfs(dataDir);
      const free = bavail * bsize;
      const says = `${dataDir}, ${(free / GB).toFixed(1)} GB free`;
      if (free < NOTHING_BYTES) return fail(says, 'Free space: nothing can be recorded soon.');
      if (free < LITTLE_BYTES) return warn(says, 'Free space before a few builds fill the disk.');
      if ((facts.mode & 0o007) !== 0) return warn(`${says}; others may look into it`, `chmod 700 ${dataDir}`);
      return ok(says);
    },
  };
}
