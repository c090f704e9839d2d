/**
 * What makes a restored database the one that counts. The lock came along with the running server's name. A router that
 * has seen more than this record knows would refuse it as stale, so each environment's fence leaps over what may have
 * been lost; a router that is at the backup's state only sees it grow.
 */
export const AFTER_RESTORE = [
  'update server_lock set ends_at = 0',
  'update environment set fence = fence + 1000000',
] as const;
