import type { HostRepository } from '../ports/git-host.ts';
import type { LeaseSecretsSource } from '../ports/lease-secrets.ts';
import type { Credentials } from '../ports/repositories.ts';
import type { Note } from '../store/store.ts';
import type { NewLogin } from './registry-logins.ts';

/** Everything that lies encrypted in the database. Values go in here and come out only under a lease. */
export interface Secrets extends LeaseSecretsSource {
  /** @throws Problem `secret_too_short` under 4 bytes, `request_wrong` for a bad name, `not_found` for the project. */
  setProjectSecret(projectId: string, name: string, value: string, note?: Note): Promise<void>;
  /** @throws Problem `not_found`. */
  removeProjectSecret(projectId: string, name: string, note?: Note): Promise<void>;
  /**
   * What opens the project's repository: its token, or one that the server's App makes now; null for a public one.
   * @throws Problem `not_found`, or why the App can make none.
   */
  cloneCredentials(projectId: string): Promise<Credentials | null>;
  /** The text for the column `project.clone_token`. */
  sealCloneToken(projectId: string, token: string): string;
  /** The text for the column `project.host_token`. */
  sealHostToken(projectId: string, token: string): string;
  /** What opens the API of the project's Git host; null where the project is not connected, or is gone. */
  connectionOf(projectId: string): Promise<HostRepository | null>;
  /** As {@link connectionOf}, for what only an App may do: the App goes before the project's own token. */
  appConnectionOf(projectId: string): Promise<HostRepository | null>;
  /** Replaces an earlier one of the same registry and use. @throws Problem `request_wrong`, `secret_too_short`. */
  setRegistryLogin(host: string, login: NewLogin, note?: Note): Promise<void>;
  /** Both of a registry. @throws Problem `not_found`. */
  removeRegistryLogin(host: string, note?: Note): Promise<void>;
  /** For the server's own calls of a registry (tags); null where no login was set. */
  registryLogin(host: string): Promise<{ readonly username: string; readonly password: string } | null>;
}
