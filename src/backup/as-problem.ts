import path from 'node:path';
import { Problem } from '../core/problem.ts';

/** SQLite's result code of a disk that is full: `SQLITE_FULL`. */
const SQLITE_FULL = 13;

/** Fields of what system, database and programs throw. */
interface Complaint extends Error {
  readonly code?: string;
  readonly path?: string;
  readonly errcode?: number;
  readonly stderr?: string;
}

/**
 * Throws what went wrong as a refusal with its cause, in one line; a full disk as that. A Problem stays what it is, and
 * so does being asked to end.
 * @param place Lies on the disk that is written to.
 */
export function asProblem(
  code: 'backup_failed' | 'restore_failed',
  place?: string,
): (error: unknown) => never {
  return (error) => {
    if (error instanceof Problem || (error as Error).name === 'AbortError') throw error;
    const complaint = error as Complaint;
    if (place !== undefined && isFull(complaint))
      throw new Problem('disk_full', { path: path.dirname(place) }, { cause: error });
    const said = complaint.stderr?.trim() || complaint.message || (complaint.code ?? 'it failed');
    // Of versions that do not fit, PostgreSQL's programs tell which in a second line.
    const [first = '', ...rest] = said.trim().split('\n');
    const cause = [first, ...rest.filter((line) => / detail: /.test(line))].join('; ');
    throw new Problem(code, { cause }, { cause: error });
  };
}

/** Says of an error that names no file, as those of SQLite and of an open file, which one it is about. */
export function naming(file: string): (error: unknown) => never {
  return (error) => {
    const complaint = error as Complaint;
    if (!(error instanceof Problem) && complaint.path === undefined && !complaint.message.includes(file))
      complaint.message = `${file}: ${complaint.message}`;
    throw error;
  };
}

function isFull({ code, errcode }: Complaint): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === SQLITE_FULL;
}
