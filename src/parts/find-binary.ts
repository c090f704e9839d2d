import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Where daemons are installed to when PATH, as of a user that is not root, does not say. */
const USUAL = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Absolute path of the first of these programs, on PATH or in the usual folders; null when there is none. */
export function findBinary(names: readonly string[], searchPath?: string): string | null {
  return names.flatMap((name) => findBinaries(name, searchPath))[0] ?? null;
}

/** All programs of that name, in the order in which a shell would look. */
export function findBinaries(name: string, searchPath: string = process.env['PATH'] ?? ''): string[] {
  const folders = [...searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder)), ...USUAL];
  return [...new Set(folders)].map((folder) => path.join(folder, name)).filter(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
