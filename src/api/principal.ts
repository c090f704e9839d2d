import type { Request } from 'express';
import { Problem } from '../core/problem.ts';

/** Who sent a request, as far as its token or cookie proves. */
export type Principal =
  | {
      readonly kind: 'admin';
      readonly name: string;
      readonly via: 'cookie' | 'bearer';
      /** The token or session itself, and the admin token that a session was made with. */
      readonly tokenId: string;
      readonly adminId: string;
      /** Null: it holds until it is revoked. */
      readonly expiresAtMs: number | null;
    }
  | { readonly kind: 'worker'; readonly workerId: string; readonly name: string };

const principals = new WeakMap<Request, Principal>();

/** The proven sender; null for none. */
export function principalOf(request: Request): Principal | null {
  return principals.get(request) ?? null;
}

export function setPrincipal(request: Request, principal: Principal): void {
  principals.set(request, principal);
}

/** What a sender whom nothing proves is told: that a token is needed, or that theirs is none. */
export function strangerProblem({ headers }: Request): Problem {
  return new Problem(headers.authorization === undefined ? 'sign_in_needed' : 'token_wrong');
}
