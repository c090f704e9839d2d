import type { Request } from 'express';
import type { Logger } from 'pino';
import type { AuditAction, AuditActor, AuditSubject } from '../core/audit.ts';
import { newId } from '../core/id.ts';
import { Problem, type ProblemCode } from '../core/problem.ts';
import type { Clock } from '../ports/clock.ts';
import { insertAudit } from '../store/insert-audit.ts';
import type { Note, Store } from '../store/store.ts';
import { requestIdOf } from './middleware/request-id.ts';
import { principalOf } from './principal.ts';
import type { RefusalAllowance } from './refusal-allowance.ts';

/** What a request leaves in the audit log: one entry at most, whatever happens after it was written. */
export interface AuditTrail {
  /**
   * Says what the request changes, as soon as its handler knows: what the record has, and never what the request only
   * names, since a refusal is written with it, and what does not exist may be a token in a name's place.
   */
  about(subject: AuditSubject): void;
  /** Says who has proven themselves, where the request began without a sender. */
  by(actor: AuditActor): void;
  /** Writes that it was done. What a transaction made or found completes the subject. */
  readonly done: Note;
}

export interface AuditDeps {
  readonly store: Pick<Store, 'transaction'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error' | 'warn'>;
  readonly refusals: RefusalAllowance;
}

const trails = new WeakMap<Request, AuditTrail>();

/** The trail of a request to a route with an action. @throws TypeError for a route without one: it changes nothing. */
export function auditOf(request: Request): AuditTrail {
  const trail = trails.get(request);
  if (trail === undefined)
    throw new TypeError(`${request.method} ${request.path} has no action of the audit log`);
  return trail;
}

/**
 * Runs a route's handler with a trail. What is refused to somebody who has shown a token is written too, and a failed
 * sign-in; what strangers ask otherwise changes nothing and is in the server's log only. So is what is beyond the
 * allowance, so that nobody can fill the record.
 */
export async function leaveTrail<T>(
  deps: AuditDeps,
  action: AuditAction,
  request: Request,
  handle: () => Promise<T>,
): Promise<T> {
  const entry = openEntry(deps, action, request);
  trails.set(request, entry);
  try {
    return await handle();
  } catch (error) {
    const code = error instanceof Problem ? error.code : 'internal';
    if (principalOf(request) !== null || isFailedSignIn(action, code)) await entry.refused(code);
    throw error;
  }
}

function isFailedSignIn(action: AuditAction, code: ProblemCode): boolean {
  return action === 'session.begin' && code === 'token_wrong';
}

interface OpenEntry extends AuditTrail {
  refused(code: ProblemCode): Promise<void>;
}

function openEntry(
  { store, clock, log, refusals }: AuditDeps,
  action: AuditAction,
  request: Request,
): OpenEntry {
  const at = clock.nowMs();
  // One id: an error after the commit does not add a second entry to that of the change, and a work that is run again
  // does not either.
  const id = newId('aud', at);
  const { ip } = request;
  let actor = actorOf(request);
  let subject: AuditSubject | null = null;
  const write = (refused: ProblemCode | null): Note => {
    return (tx, found) =>
      insertAudit(
        tx,
        {
          actor,
          action,
          subject: found === undefined || subject === null ? subject : { ...subject, ...found },
          address: ip ?? null,
          requestId: requestIdOf(request),
          refused,
        },
        { id, at },
      );
  };
  return {
    about: (named) => void (subject = named),
    by: (proven) => void (actor = proven),
    done: (tx, found) => write(null)(tx, found),
    refused: async (code) => {
      const about = { requestId: requestIdOf(request), action, actor, refused: code };
      if (!refusals.take(actor)) {
        log.warn(about, 'a refusal is not in the audit log: its actor has had many within the hour');
        return;
      }
      await store
        .transaction((tx) => write(code)(tx))
        .catch((error: unknown) => log.error({ ...about, err: error }, 'a refusal is not in the audit log'));
    },
  };
}

function actorOf(request: Request): AuditActor {
  const principal = principalOf(request);
  if (principal === null) return { kind: 'nobody', id: null, name: null, via: null };
  if (principal.kind === 'worker')
    return { kind: 'worker', id: principal.workerId, name: principal.name, via: 'token' };
  const via = principal.via === 'cookie' ? 'session' : 'token';
  return { kind: 'admin', id: principal.adminId, name: principal.name, via };
}
