import type { ProblemCode } from './problem.ts';

/** Every action that the audit log can name, and how the pages say it of its actor. */
export const AUDIT_ACTIONS = {
  'session.begin': 'signed in',
  'session.end': 'signed out',
  'token.make': 'made the admin token',
  'token.revoke': 'revoked the admin token',
  'project.add': 'added the project',
  'project.change': 'changed the project',
  'project.connect': 'connected the project',
  'project.disconnect': 'disconnected the project',
  'project.remove': 'removed the project',
  'schedule.change': 'changed the schedule of the project',
  'secret.set': 'set the secret',
  'secret.remove': 'removed the secret',
  'notification.add': 'added the notification target',
  'notification.change': 'changed the notification target',
  'notification.remove': 'removed the notification target',
  'notification.try': 'tried the notification target',
  'registry.set': 'set the login of the registry',
  'registry.remove': 'removed the logins of the registry',
  'worker.token': 'made a token of the worker',
  'worker.revoke': 'revoked the token of the worker',
  'worker.drain': 'let drain the worker',
  'worker.undrain': 'let work again the worker',
  'build.start': 'started the build',
  'build.cancel': 'cancelled the build',
  'build.rerun': 'ran again the build',
  'step.cancel': 'cancelled the step',
  'deployment.cancel': 'cancelled the deployment',
  'environment.roll_back': 'rolled back the environment',
  'environment.remove': 'removed the environment',
  'delivery.replay': 'replayed the delivery',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** Who did it: an admin token, a worker, the server by itself, or somebody whom nothing proved. */
export interface AuditActor {
  readonly kind: 'admin' | 'worker' | 'server' | 'nobody';
  /** Of the admin token, also where a session made with it was used, or of the worker; else null. */
  readonly id: string | null;
  readonly name: string | null;
  /** The token itself, or the page's session; null where neither was shown. */
  readonly via: 'token' | 'session' | null;
}

/** What was changed, or was to be. */
export interface AuditSubject {
  readonly kind:
    | 'build'
    | 'delivery'
    | 'deployment'
    | 'environment'
    | 'notification'
    | 'project'
    | 'registry'
    | 'secret'
    | 'step'
    | 'token'
    | 'worker';
  /** In the record, of a secret its project's, of a registry its host; null for what was never made. */
  readonly id: string | null;
  /** As people say it, e.g. `shop/web#12`; null where that is not known. */
  readonly name: string | null;
}

/** One entry of the audit log. No value of a secret and no token is ever in it. */
export interface AuditEntry {
  readonly actor: AuditActor;
  readonly action: AuditAction;
  /** Null where the request was refused before it said what it is about. */
  readonly subject: AuditSubject | null;
  /** Of the client; null for what the server does by itself. */
  readonly address: string | null;
  /** As in `X-Request-Id` and the server's log; null for what the server does by itself. */
  readonly requestId: string | null;
  /** Why it was refused; null where it was done. */
  readonly refused: ProblemCode | null;
}

/** An entry as `/api/v1/audit` tells it; newest first. */
export interface AuditEntryView extends AuditEntry {
  readonly id: string;
  readonly atMs: number;
}
