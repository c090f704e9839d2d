import { stepVolume } from '../../pipeline/grammar/formats.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';

const OF_HOST = [
  'no step or service gets a path of the worker’s host',
  'Write `cache`, or a volume by its name.',
] as const;
const WRONG = ['it is no volume that can be had here', 'Write `name:/path`, not at the workspace.'] as const;

/**
 * Volumes of a step or a service.
 * @param temporary Names of those that Drone's pipeline says are temporary; null for Woodpecker, whose steps say all.
 */
export function volumesEntry(
  volumes: Foreign | undefined,
  temporary: ReadonlySet<string> | null,
): OutEntry | null {
  if (volumes === undefined) return null;
  const written = volumes.kind === 'nothing' ? [] : volumes.oneOrMore();
  if (written.length === 0) volumes.needs('it is empty');
  const kept = written.flatMap((one) => (temporary === null ? ofWoodpecker(one) : ofDrone(one, temporary)));
  return kept.length === 0 ? null : entry('volumes', list(kept, volumes), volumes);
}

function ofWoodpecker(one: Foreign): readonly Out[] {
  const written = one.text() ?? '';
  const volume = stepVolume.parse(written);
  if (volume === null || !isNamed(volume.source)) {
    if (isNamed(written)) one.leaveOut(...WRONG);
    else one.leaveOut(...OF_HOST);
    return [];
  }
  one.changes('a volume is empty in each build, and goes with it', 'Write `cache` for what is to stay.');
  return [text(written, one)];
}

function ofDrone(one: Foreign, temporary: ReadonlySet<string>): readonly Out[] {
  const [name, path] = ['name', 'path'].map((key) =>
    one.kind === 'map' ? (one.get(key)?.text() ?? '') : '',
  );
  const written = `${name}:${path}`;
  if (!temporary.has(name ?? '')) one.leaveOut(...OF_HOST);
  else if (stepVolume.parse(written) === null) one.leaveOut(...WRONG);
  else return [text(written, one)];
  return [];
}

/** Names of the volumes of a pipeline of Drone that go with it; others are noted. */
export function temporaryVolumes(volumes: Foreign | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const one of volumes?.items() ?? []) {
    const temp = one.kind === 'map' ? one.get('temp') : undefined;
    const name = one.kind === 'map' ? (one.get('name')?.text() ?? '') : '';
    if (temp === undefined) {
      one.leaveOut(...OF_HOST);
      one.use();
      continue;
    }
    if (temp.kind === 'map')
      for (const each of temp.entries()) each.leaveOut('a volume is on the worker’s disk', 'Remove it.');
    temp.use();
    names.add(name);
  }
  return names;
}

const isNamed = (source: string): boolean => !/^[/.~]/.test(source);
