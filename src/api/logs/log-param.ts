import type { Request } from 'express';
import { isId } from '../../core/id.ts';
import { Problem } from '../../core/problem.ts';
import { readParam } from '../read-request.ts';

/** The log that `:log` names. @throws Problem `not_found` for what cannot be a log's id. */
export function readLogParam(request: Request): string {
  const id = readParam(request, 'log');
  if (!isLogId(id)) throw new Problem('not_found', { what: 'log', id });
  return id;
}

/** A step attempt's id, a deployment's, or `app_` and a deployment's: nothing that could be a path. */
export function isLogId(text: string): boolean {
  return isId('att', text) || isId('dep', text.replace(/^app_(?=dep_)/, ''));
}
