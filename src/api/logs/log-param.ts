import type { Request } from 'express';
import { isId } from '../../core/id.ts';
import { Problem } from '../../core/problem.ts';
import { knownLogs } from '../../store/read/known-logs.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';

/**
 * The log that `:log` names, of which something is there or is still to come.
 * @throws Problem `not_found` for one that was removed with its build, as for what cannot be a log's id.
 */
export async function findLog({ store, logs }: Pick<AppDeps, 'store' | 'logs'>, request: Request) {
  const logId = readLogParam(request);
  const state = await logs.state(logId);
  const isThere = state.bytes > 0 || state.sealed || (await knownLogs(store.db, [logId])).has(logId);
  if (!isThere) throw new Problem('not_found', { what: 'log', id: logId });
  return { logId, state };
}

/** A step attempt's id, a deployment's, or `app_` and a deployment's: nothing that could be a path. */
export function isLogId(text: string): boolean {
  return isId('att', text) || isId('dep', text.replace(/^app_(?=dep_)/, ''));
}

function readLogParam(request: Request): string {
  const id = readParam(request, 'log');
  if (!isLogId(id)) throw new Problem('not_found', { what: 'log', id });
  return id;
}
