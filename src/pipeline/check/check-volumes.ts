import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { VolumesSpec } from '../grammar/volumes.ts';
import type { Report } from '../report.ts';

/** Volumes have names, not too many, and are none of a host's folders; of one container each has a path of its own. */
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
    if (/^[/.~]/.test(source)) report.add('volume_of_host', volume, { source, path, name: nameFor(source) });
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
