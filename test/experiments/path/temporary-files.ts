import { readdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * What is in a data folder, of server or worker, only while somebody works on it: by the names that Slipway and git give
 * such files, and a log of which only one of its two files is there.
 */
export async function temporaryFiles(folder: string): Promise<readonly string[]> {
  const all = { recursive: true, withFileTypes: true } as const;
  // It is not there any more where somebody removes a folder meanwhile.
  const entries = await readdir(folder, all).catch(() => null);
  if (entries === null) return [`what changes in ${folder}`];
  const files = entries
    .filter((entry) => !entry.isDirectory() || entry.name.endsWith('.new'))
    .map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)));
  return temporaryOf(files).map((file) => path.join(path.basename(folder), file));
}

/** @param files By their paths below the data folder. */
export function temporaryOf(files: readonly string[]): readonly string[] {
  const all = new Set(files);
  return files.filter((file) => isTemporary(file) || isHalfALog(file, all));
}

function isTemporary(file: string): boolean {
  const [top = ''] = file.split('/');
  const name = path.basename(file);
  if (ASIDE.test(name)) return true;
  if (top === 'mirrors' || top === 'worker-mirrors') return GITS.test(name);
  return (top === 'artifacts' && name.endsWith('.part')) || file.startsWith('caches/aside/');
}

/** Of `src/files/durable.ts`, of tokens and mirrors that are being made, of restores. */
const ASIDE = /^(?:.+\.new|.+\.[0-9a-f]{12}|restore-[0-9a-f]{8})$/;
/** Locks, half packs and objects, lists that are being written. */
const GITS = /\.lock$|^\.?tmp[-_]|^gc\.pid$|^packed-refs\.new$/;

function isHalfALog(file: string, all: ReadonlySet<string>): boolean {
  if (!file.startsWith('logs/')) return false;
  const other = file.endsWith('.log') ? file.replace(/log$/, 'idx') : file.replace(/idx$/, 'log');
  return other !== file && !all.has(other);
}
