const REVOKED = 'revoked ';

/** What a worker whose token was revoked has in place of the token's hash: no hash is text like this. */
export const revokedHash = (workerId: string): string => `${REVOKED}${workerId}`;

export const isRevoked = (tokenHash: string): boolean => tokenHash.startsWith(REVOKED);
