import type { Logger } from 'pino';
import type { Builds } from '../builds/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { GitHost } from '../ports/git-host.ts';
import type { Credentials, Mirrors, ReadRemote } from '../ports/repositories.ts';
import type { Store } from '../store/store.ts';

/** What intake works with. */
export interface IntakeDeps {
  readonly store: Store;
  readonly builds: Pick<Builds, 'createBuildIn' | 'planBuild' | 'cancelBuild'>;
  readonly mirrors: Mirrors;
  readonly readRemote: ReadRemote;
  readonly secrets: {
    cloneCredentials(projectId: string): Promise<Credentials | null>;
    sealCloneToken(projectId: string, token: string): string;
    sealHostToken(projectId: string, token: string): string;
  };
  readonly gitHost: Pick<
    GitHost,
    'name' | 'hasApp' | 'serves' | 'tryRepository' | 'findInstallation' | 'cloneToken'
  >;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: IntakeSettings;
}

export interface IntakeSettings {
  /** Address of the pages, for the variables of a build. */
  readonly publicUrl: string;
  /** Slipway's version, for the same. */
  readonly version: string;
  /** Before the second attempt at a delivery whose repository did not answer; it trebles each time. Default 300. */
  readonly firstRetryMs?: number;
  /** How long a delivery that was under way when the server died keeps the next such one waiting. Default 5000. */
  readonly oneAtATimeMs?: number;
}
