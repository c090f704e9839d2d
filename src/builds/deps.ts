import type { LogStore } from '../ports/log-store.ts';
import type { BuildVariables } from '../ports/build-variables.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseSecretsSource } from '../ports/lease-secrets.ts';
import type { Store } from '../store/store.ts';

/** What the state machine is made of. */
export interface BuildsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logs: Pick<LogStore, 'state'>;
  readonly secrets: LeaseSecretsSource;
  readonly variables: BuildVariables;
  /** The server's registry; null: nothing is pushed. */
  readonly registry: { readonly host: string; readonly insecure: boolean } | null;
  readonly router: RouterSettings;
  /** Answers that wait for an effect wait this long, then say `pending` (ms). */
  readonly effectWaitMs?: number;
  /** What failed on a timer, where nobody waits for the answer. */
  readonly onError: (error: unknown) => void;
}

/** The router that environments are made on. */
export interface RouterSettings {
  readonly name: string;
  /** Backends that its configuration declares ahead. */
  readonly backends: number;
  /** IPv4 range of the app network, e.g. `10.89.0.0/16`. */
  readonly appRange: string;
}
