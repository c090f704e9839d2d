import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/**
 * Sends a folder's files as a tar archive to `put`, below the name of `target`'s last folder, for any user to write.
 * @throws What `put` throws, or why tar failed.
 */
export async function sendFolder(
  directory: string,
  target: string,
  put: (archive: Readable) => Promise<void>,
): Promise<void> {
  // the target's own folder is an entry of the archive, so that its mode is set, too
  const names = `--transform=s,^[.],${path.basename(target)},S`;
  const owner = ['--mode=a+rwX', '--owner=0', '--group=0', '--numeric-owner'];
  const tar = spawn('tar', ['-C', directory, ...owner, names, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const end = once(tar, 'close') as Promise<[number | null]>;
  const complaint = text(tar.stderr);
  try {
    await put(tar.stdout);
  } catch (error) {
    tar.kill('SIGKILL');
    // What nobody reads any more keeps it from closing, though tar itself has ended.
    tar.stdout.destroy();
    await end.catch(() => undefined);
    throw error;
  }
  const [code] = await end;
  const said = (await complaint).trim();
  if (code !== 0 && !(code === 1 && isOfLinks(said)))
    throw new Error(`tar ended with ${code ?? 'a signal'}: ${said}`);
}

/**
 * Whether tar complains of nothing but times of files (status 1; its manual, 3.4): Git's objects are links to those of the
 * mirror, and each checkout of another build that links them, or goes, sets the time of their last change. No bytes are
 * others; of a file that shrank or grew tar says so.
 */
const isOfLinks = (said: string): boolean =>
  said.split('\n').every((line) => line.endsWith(': file changed as we read it'));
