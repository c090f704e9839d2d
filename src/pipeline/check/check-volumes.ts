import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { VolumesSpec } from '../grammar/volumes.ts';
import type { Report } from '../report.ts';

/** Volumes have names and are none of a host's folders; of one container each has a path of its own. */
export function checkVolumes(
  { steps, services }: Pick<PipelineSpec, 'steps' | 'services'>,
  report: Report,
): void {
  for (const { volumes } of [...services, ...steps]) checkOne(volumes, report);
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
