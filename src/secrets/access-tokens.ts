/** Admin tokens and sessions. Only hashes are stored; a token is seen once, by who made it. */
export interface AccessTokens {
  /** At the first start: makes the admin token and returns it, for the operator to read once; null when there is one. */
  makeFirstAdminToken(): Promise<string | null>;
  /** Who an admin token or a session belongs to; null for unknown and expired ones. */
  find(
    token: string,
  ): Promise<{ readonly id: string; readonly kind: 'admin' | 'session'; readonly name: string } | null>;
  /** A session of an admin token's owner. */
  startSession(name: string): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  endSession(token: string): Promise<void>;
}
