import { realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * The real path of something in the repository; null when there is nothing. A path that leads outside, by `..` or by
 * a link, is refused.
 * @throws PathEscapes
 */
export async function insideRepository(root: string, relative: string): Promise<string | null> {
  const realRoot = await realpath(root);
  const wanted = path.resolve(realRoot, relative);
  if (!isInside(realRoot, wanted)) throw new PathEscapes(relative);
  const real = await realpath(wanted).catch(() => null);
  if (real !== null && !isInside(realRoot, real)) throw new PathEscapes(relative);
  return real;
}

export class PathEscapes extends Error {
  override readonly name = 'PathEscapes';

  constructor(relative: string) {
    super(`${relative} leads out of the repository.`);
  }
}

function isInside(root: string, file: string): boolean {
  return file === root || file.startsWith(root + path.sep);
}
