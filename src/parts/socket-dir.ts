import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Linux allows 107 bytes for a socket's path; below its folder an engine needs 40 of them. */
const LONGEST = 60;

/**
 * A folder for the sockets of a part that lives in `dir`: `dir` itself, or, where that is too long for a socket's
 * path, always the same private one in the system's temporary folder, which the part removes at its end.
 */
export async function socketDir(dir: string): Promise<string> {
  if (Buffer.byteLength(dir) <= LONGEST) return dir;
  const short = path.join(tmpdir(), `slipway-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
  await mkdir(short, { recursive: true, mode: 0o700 });
  const facts = await lstat(short);
  if (!facts.isDirectory() || facts.uid !== process.getuid?.())
    throw new Error(`${short} belongs to somebody else`);
  return short;
}
