import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { hostPath, whyNeverGiven } from '../../core/host-path.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { VolumesSpec } from '../grammar/volumes.ts';
import type { Report } from '../report.ts';

/** Volumes have names, not too many, or are paths of a host that an operator may allow; each has a path of its own in its container. */
export function checkVolumes(
  { steps, services }: Pick<PipelineSpec, 'steps' | 'services'>,
  report: Report,
): void {
  const users = [...services, ...steps];
  for (const { volumes } of users) checkOne(volumes, report);
  checkCount(
    users.flatMap(({ volumes }) => volumes),
    report,
  );
}

function checkCount(volumes: VolumesSpec, report: Report): void {
  const limit = PIPELINE_LIMITS.volumes;
  const names = new Set<string>();
  for (const volume of volumes) {
    names.add(volume.value.source);
    if (names.size > limit)
      return report.add('too_complex', volume, { what: 'the workflow has more volumes', limit });
  }
}

function checkOne(volumes: VolumesSpec, report: Report): void {
  const paths = new Set<string>();
  for (const volume of volumes) {
    const { source, path } = volume.value;
    if (path === '') continue;
    if (/^[/.~]/.test(source)) {
      const why = source.startsWith('/') ? whyNeverGiven(source) : 'it is not an absolute path';
      if (why === null) report.add('volume_needs_operator', volume, { source, path, host: hostPath(source) });
      else report.add('volume_of_host', volume, { source, path, why, name: nameFor(source) });
    }
    if (paths.has(path)) report.add('volume_duplicate', volume, { path });
    paths.add(path);
  }
}

/** A name that says what the folder was. */
function nameFor(source: string): string {
  const last =
    source
      .split('/')
      .at(-1)
      ?.replace(/[^A-Za-z0-9_-]/g, '') ?? '';
  return /^[A-Za-z0-9]/.test(last) ? last.slice(0, 64) : 'shared';
}
