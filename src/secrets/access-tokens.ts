import type { AccessTokenView } from '../core/views/access-token-view.ts';
import type { Note } from '../store/store.ts';

/** Admin tokens and the sessions made with them. Only hashes are stored; a token is seen once, by who made it. */
export interface AccessTokens {
  /** Makes the admin token `admin` and returns it; null while any admin token lets somebody in. */
  makeFirstAdminToken(note?: Note): Promise<string | null>;
  /** Another admin token. @param expiresAtMs Null: until it is revoked. @throws Problem `exists_already`. */
  make(
    name: string,
    expiresAtMs: number | null,
    note?: Note,
  ): Promise<{ readonly id: string; readonly token: string }>;
  /** Admin tokens by name. */
  list(): Promise<readonly AccessToken[]>;
  /**
   * Ends an admin token, named by its id or name, and its sessions.
   * @throws Problem `not_found`, `last_token` for the last one that lets anybody in.
   */
  revoke(idOrName: string, note?: Note): Promise<void>;
  /** Who an admin token or a session belongs to; null for unknown and expired ones. */
  find(token: string): Promise<FoundToken | null>;
  /** Whether an admin token or a session, by its id, still lets anybody in. */
  holds(id: string): Promise<boolean>;
  /** A session of an admin token's owner. @throws Problem `sign_in_needed` when that was revoked meanwhile. */
  startSession(
    adminId: string,
    note?: Note,
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** Harmless for one that has ended; then nothing is noted. */
  endSession(token: string, note?: Note): Promise<void>;
}

export type AccessToken = Omit<AccessTokenView, 'current'>;

export interface FoundToken {
  readonly id: string;
  readonly kind: 'admin' | 'session';
  /** The admin token: this one, or that which the session was made with. */
  readonly adminId: string;
  readonly name: string;
  /** Null: it holds until it is revoked. */
  readonly expiresAtMs: number | null;
}
