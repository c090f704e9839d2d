import { Problem } from '../../src/core/problem.ts';
import type { SlotRecord } from '../../src/core/deployment.ts';
import type { DeployedEnvironment } from '../../src/core/work.ts';

/** What an operator decides about a router. A change takes effect when HAProxy starts the next time. */
export interface RouterSettings {
  /** Where the public frontend listens, as HAProxy's `bind` has it, e.g. `*:80`, `127.0.0.1:8080`. */
  readonly binds: readonly string[];
  /** Environments that the router can hold: their backends are declared ahead, none can be added while it runs. */
  readonly backends: number;
  /** Where it takes traffic over TLS; absent in files of earlier versions, and where it does not. */
  readonly tls?: {
    readonly binds: readonly string[];
    /** Port of HTTPS that plain HTTP is redirected to; null: it is answered like HTTPS. */
    readonly redirectTo: number | null;
  };
}

/** An environment as its router serves it: its record and its three slots. */
export type RouterEnvironment = DeployedEnvironment & {
  readonly slots: readonly SlotRecord[];
  /** The Host that the candidate is asked under; null: the environment's first host. */
  readonly candidateHost: string | null;
};

/** Everything that a router's files are rendered from. */
export interface RouterState {
  readonly settings: RouterSettings;
  readonly environments: readonly RouterEnvironment[];
}

/** Why a change of the state was refused; nothing changed. */
export type Refusal =
  /** A newer claim or a newer record has changed this environment already. */
  | { readonly kind: 'stale'; readonly fence: number }
  | { readonly kind: 'problem'; readonly problem: Problem };

export type StateChange =
  | { readonly ok: true; readonly state: RouterState; readonly changed: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

/** The state with `environment` in the place of what it was. Refuses an older fence, a taken host, a full router. */
export function putEnvironment(state: RouterState, environment: RouterEnvironment): StateChange {
  const before = state.environments.find((other) => other.id === environment.id);
  if (before !== undefined && before.fence > environment.fence)
    return { ok: false, refusal: { kind: 'stale', fence: before.fence } };
  const others = state.environments.filter((other) => other.id !== environment.id);
  const problem = whyNot(state.settings, others, environment);
  if (problem !== null) return { ok: false, refusal: { kind: 'problem', problem } };
  const environments = [...others, environment].sort((a, b) => a.backend - b.backend);
  const changed = JSON.stringify(before) !== JSON.stringify(environment);
  return { ok: true, state: { ...state, environments }, changed };
}

/** The state without the environment of that id. */
export function dropEnvironment(state: RouterState, id: string): RouterState {
  return { ...state, environments: state.environments.filter((other) => other.id !== id) };
}

function whyNot(
  settings: RouterSettings,
  others: readonly RouterEnvironment[],
  environment: RouterEnvironment,
): Problem | null {
  if (environment.backend >= settings.backends)
    return new Problem('router_full', { size: settings.backends });
  for (const other of others) {
    if (other.backend === environment.backend)
      return new Problem('conflict', { what: 'backend', id: environment.backend });
    const host = other.hosts.find((name) => environment.hosts.includes(name));
    if (host !== undefined)
      return new Problem('host_taken', { host, environment: other.name, project: other.projectPath });
  }
  return null;
}
