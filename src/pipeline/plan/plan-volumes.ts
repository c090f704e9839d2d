import { hostPath } from '../../core/host-path.ts';
import type { VolumePlan } from '../../core/plan.ts';
import type { VolumesSpec } from '../grammar/volumes.ts';

/** Nothing for none, so that plans without volumes stay what they were. */
export function planVolumes(volumes: VolumesSpec): { readonly volumes?: readonly VolumePlan[] } {
  if (volumes.length === 0) return {};
  return {
    volumes: volumes.map(({ value: { source, path, readOnly } }) =>
      source.startsWith('/') ? { host: hostPath(source), path, readOnly } : { name: source, path, readOnly },
    ),
  };
}
