import type { Actor, HostedRepository } from '../../core/event.ts';
import type { Account, Repository } from './payload.ts';

export function toActor({ id, login, avatar_url }: Account): Actor {
  return { id: String(id), login, avatarUrl: avatar_url ?? null };
}

/** Null when the payload does not say what it is. */
export function toRepository(repository: Repository): HostedRepository | null {
  const { id = null, private: isPrivate = null, html_url, ssh_url } = repository;
  if (id === null || isPrivate === null) return null;
  return { host: 'github', id: String(id), isPrivate, url: html_url ?? null, sshUrl: ssh_url ?? null };
}
