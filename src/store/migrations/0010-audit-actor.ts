/** Finds what an actor did by id, also under a name that has changed hands since; that by name is of 0007. */
export const auditActor: readonly string[] = [`create index audit_actor_id on audit (actor_id, id)`];
