import { Problem } from '../core/problem.ts';

/** Whether this came of a database that does not answer, which the store tells of by itself. */
export function isDatabaseAway(error: unknown): error is Problem {
  return error instanceof Problem && error.code === 'database_away';
}
