import { execFile } from 'node:child_process';
import { mkdir, rm, rmdir, statfs, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '../../support/wait.ts';

const run = promisify(execFile);
const GONE_MS = 20_000;

/** A disk of the test's own: an ext4 in a file, mounted at a folder. Needs root and a loop device. */
export interface Disk {
  readonly folder: string;
  /** Leaves no byte free, and gives what frees them again. */
  fill(): Promise<() => Promise<void>>;
  /**
   * What the machine's power does when it goes: from this moment on nothing reaches the disk, and what no fsync had put
   * there is gone. Who has files open there gets EIO. The disk comes back with {@link powerOn}.
   */
  powerOff(): Promise<void>;
  /** Mounts it again as its journal has it; everybody who used it must have ended. */
  powerOn(): Promise<void>;
  /** Unmounts and removes it. */
  remove(): Promise<void>;
}

/** Whether this user may make one here. */
export const mayMakeDisks = (): boolean => process.getuid?.() === 0;

/** @param folder Made where it is not there; `bytes` are taken from the machine's disk as they are written. */
export async function makeDisk(folder: string, bytes: number): Promise<Disk> {
  const image = `${folder}.ext4`;
  const ballast = path.join(folder, 'ballast');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(image, '');
  await truncate(image, bytes);
  // No block is set aside for root, and none is still to be written when the disk is used.
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  await mount(image, folder);
  await rmdir(path.join(folder, 'lost+found'));
  return {
    folder,
    fill: async () => {
      const { bavail, bsize } = await statfs(folder);
      // What the file system needs for the ballast's own extents is not known ahead: less by less, until it fits.
      for (let blocks = bavail; blocks > 0; blocks -= Math.ceil(blocks / 1_000))
        try {
          await run('fallocate', ['--length', String(blocks * bsize), ballast]);
          break;
        } catch {
          await rm(ballast, { force: true });
        }
      await run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k', 'oflag=append', 'conv=notrunc']).catch(
        () => undefined,
      );
      return () => rm(ballast, { force: true });
    },
    powerOff: async () => {
      await run('perl', ['-e', SHUTDOWN, folder]);
    },
    powerOn: async () => {
      await unmount(image, folder);
      await mount(image, folder);
    },
    remove: async () => {
      await unmount(image, folder);
      await rm(image);
    },
  };
}

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (linux/fs/ext4/ext4.h): neither data nor journal is written. */
const SHUTDOWN =
  'open(my $disk, "<", $ARGV[0]) or die $!; my $flags = pack("L", 2); ioctl($disk, 0x8004587d, $flags) or die $!;';

/** The journal is written when somebody asks for it, not every 5 s: what is not synced stays lost for longer. */
const mount = (image: string, folder: string): Promise<unknown> =>
  run('mount', ['-o', 'loop,commit=120', image, folder]);

/**
 * Resolves when nobody has it any more. Children of a process that was killed may live on for a moment, and a container
 * that is being started holds every mount: one that comes meanwhile would be of the same disk, without power.
 */
async function unmount(image: string, folder: string): Promise<void> {
  await waitFor('it is unmounted', () => run('umount', [folder]).then(() => true), GONE_MS);
  const isGone = async (): Promise<boolean> => (await run('losetup', ['--associated', image])).stdout === '';
  await waitFor('no loop device has it', isGone, GONE_MS);
}
