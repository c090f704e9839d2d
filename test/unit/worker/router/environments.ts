import type { SlotIndex, SlotRole } from '../../../../src/core/deployment.ts';
import type { RouterEnvironment } from '../../../../worker/router/state.ts';

/** An environment for tests of the router's rules. */
export function environment(
  backend: number,
  roles: readonly [SlotRole, SlotRole, SlotRole],
  more: Partial<RouterEnvironment> = {},
): RouterEnvironment {
  return {
    id: `env_${backend}`,
    name: 'production',
    projectPath: `shop/${backend}`,
    backend,
    hosts: [`${backend}.test`],
    candidateHost: null,
    fence: 1,
    slots: roles.map((role, index) => ({
      index: index as SlotIndex,
      role,
      address: `10.0.${backend}.${index + 1}`,
      port: role === 'empty' ? null : 8080,
      releaseId: null,
      deploymentId: null,
      startedBy: null,
      standbyUntilMs: null,
    })),
    ...more,
  };
}
