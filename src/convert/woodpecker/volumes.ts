import { whyNeverGiven } from '../../core/host-path.ts';
import { stepVolume } from '../../pipeline/format/volumes.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';

const OF_HOST = [
  'no step or service gets such a path of the worker’s host',
  'Write `cache`, or a volume by its name.',
] as const;
const ALLOWED = [
  'it runs only on a worker whose operator allows that path of its host',
  'Have it in SLIPWAY_HOST_VOLUMES of the worker, or write `cache` or a volume by its name.',
] as const;
const WRONG = ['it is no volume that can be had here', 'Write `name:/path`, not at the workspace.'] as const;

/** The volumes that a pipeline of Drone says it has, by name: what each is here; null: it cannot be had. */
export type DeclaredVolumes = ReadonlyMap<string, string | null>;

/**
 * Volumes of a step or a service.
 * @param declared Null for Woodpecker, whose steps say all.
 */
export function volumesEntry(
  volumes: Foreign | undefined,
  declared: DeclaredVolumes | null,
): OutEntry | null {
  if (volumes === undefined) return null;
  const written = volumes.kind === 'nothing' ? [] : volumes.oneOrMore();
  if (written.length === 0) volumes.needs('it is empty');
  const kept = written.flatMap((one) => (declared === null ? ofWoodpecker(one) : ofDrone(one, declared)));
  return kept.length === 0 ? null : entry('volumes', list(kept, volumes), volumes);
}

function ofWoodpecker(one: Foreign): readonly Out[] {
  const written = one.text() ?? '';
  const volume = stepVolume.parse(written);
  if (volume === null || !mayBeHad(volume.source)) {
    if (isNamed(written)) one.leaveOut(...WRONG);
    else one.leaveOut(...OF_HOST);
    return [];
  }
  if (!isNamed(volume.source)) {
    one.changes(...ALLOWED);
    return [text(written, one)];
  }
  one.changes('a volume is empty in each build, and goes with it', 'Write `cache` for what is to stay.');
  return [text(written, one)];
}

function ofDrone(one: Foreign, declared: DeclaredVolumes): readonly Out[] {
  const [name = '', path = ''] = ['name', 'path'].map((key) =>
    one.kind === 'map' ? (one.get(key)?.text() ?? '') : '',
  );
  const source = declared.get(name);
  const written = `${source}:${path}`;
  if (source === undefined)
    one.leaveOut(`the pipeline has no volume \`${name}\``, 'Write a name that its `volumes` have.');
  else if (source === null) one.leaveOut(...OF_HOST);
  else if (stepVolume.parse(written) === null) one.leaveOut(...WRONG);
  else return [text(written, one)];
  return [];
}

/** The volumes of a pipeline of Drone; those that do not go with it are noted. */
export function declaredVolumes(volumes: Foreign | undefined): DeclaredVolumes {
  const declared = new Map<string, string | null>();
  for (const one of volumes?.items() ?? []) {
    const temp = one.kind === 'map' ? one.get('temp') : undefined;
    const name = one.kind === 'map' ? (one.get('name')?.text() ?? '') : '';
    if (temp === undefined) {
      const host = one.kind === 'map' ? one.get('host') : undefined;
      const source = host?.kind === 'map' ? (host.get('path')?.text() ?? '') : '';
      const isHad = source.startsWith('/') && !source.includes(':') && mayBeHad(source);
      declared.set(name, isHad ? source : null);
      if (isHad) one.changes(...ALLOWED);
      else one.leaveOut(...OF_HOST);
      one.use();
      continue;
    }
    if (temp.kind === 'map')
      for (const each of temp.entries()) each.leaveOut('a volume is on the worker’s disk', 'Remove it.');
    temp.use();
    declared.set(name, name);
  }
  return declared;
}

const mayBeHad = (source: string): boolean =>
  isNamed(source) || (source.startsWith('/') && whyNeverGiven(source) === null);

const isNamed = (source: string): boolean => !/^[/.~]/.test(source);
