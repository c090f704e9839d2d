/**
 * Admin tokens with names of their own, and which of them a session was made with. Until here there was one admin
 * token, so every session is of that one.
 */
export const accessTokens: readonly string[] = [
  `alter table access_token add column admin_id text`,
  `alter table access_token add column last_used_at bigint`,
  `update access_token set admin_id = (
    select admin.id from access_token admin where admin.kind = 'admin' order by admin.id limit 1
  ) where kind = 'session'`,
  `create unique index access_token_name on access_token (name) where kind = 'admin'`,
  `create index access_token_admin on access_token (admin_id)`,
];
