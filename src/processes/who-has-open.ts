import { readdirSync, readlinkSync } from 'node:fs';

/** Ids of other processes that have the file open, also one that was removed since; empty where there is no /proc. */
export function whoHasOpen(file: string): readonly number[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => namesIn(`/proc/${pid}/fd`).some((fd) => isOf(file, `/proc/${pid}/fd/${fd}`)))
    .map(Number);
}

function isOf(file: string, link: string): boolean {
  try {
    return readlinkSync(link).replace(/ \(deleted\)$/, '') === file;
  } catch {
    return false;
  }
}

/** Nothing of a process that has ended, or that is not ours to look at. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
