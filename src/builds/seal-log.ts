import type { Tx } from '../store/store.ts';
import { insertEffect } from './insert-effect.ts';

/**
 * Has a log ended, with a line that says why. Through the outbox, so that it is done even if the server ends now;
 * harmless for one that has ended.
 */
export async function sealLog(tx: Tx, logId: string, line: string, at: number): Promise<void> {
  await insertEffect(tx, {
    key: `seal:${logId}`,
    kind: 'seal-log',
    subjectId: logId,
    target: logId,
    payload: { logId, line },
    at,
  });
}
