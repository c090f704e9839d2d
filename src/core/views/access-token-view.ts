/** A token that lets a person or a script in as admin; the token itself is never told again. */
export interface AccessTokenView {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** By itself or by a session made with it, to the minute; null: never. */
  readonly lastUsedAtMs: number | null;
  /** Null: it holds until it is revoked. One that has ended is listed until then. */
  readonly expiresAtMs: number | null;
  /** Sessions made with it that hold now. */
  readonly sessions: number;
  /** This very request came with it, or with a session of it. */
  readonly current: boolean;
}
