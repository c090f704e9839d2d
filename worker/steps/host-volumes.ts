import { readlink } from 'node:fs/promises';
import path from 'node:path';
import type { HostVolume } from '../../config/formats.ts';
import { isWithin, whyNeverGiven, whyNeverWritten } from '../../src/core/host-path.ts';
import { isOfHost, type HostVolumePlan, type Plan } from '../../src/core/plan.ts';
import { Problem } from '../../src/core/problem.ts';
import type { Engine } from '../engine/engine.ts';

/**
 * The paths of its host that a worker's operator allows are such that none gives the host away: neither as they are written,
 * nor where they lead now, where the worker can see that. None is within another, nor led to by a link that is: a build could
 * put another link in its place.
 * @throws Problem `configuration_wrong`.
 */
export async function demandHostVolumes(
  volumes: readonly HostVolume[],
  { dataDir, dockerHost }: { readonly dataDir?: string; readonly dockerHost: string },
): Promise<void> {
  const named = [
    ...(dataDir === undefined ? [] : [dataDir]),
    ...(dockerHost.startsWith('unix://') ? [dockerHost.slice('unix://'.length)] : []),
  ];
  const own = [...named, ...(await Promise.all(named.map(wayOf))).map(({ led }) => led)];
  const given = await Promise.all(
    volumes.map(async (volume) => ({ volume, at: volume.path, ...(await wayOf(volume.path)) })),
  );
  const refuse = (at: string, cause: string): never => {
    throw new Problem('configuration_wrong', {
      name: 'SLIPWAY_HOST_VOLUMES',
      cause: `${at} cannot be given to builds: ${cause}`,
    });
  };
  for (const one of given) {
    const { volume, at, led, links } = one;
    const why = volume.readOnly ? whyNeverGiven : whyNeverWritten;
    const leadsTo = (place: string): string => (place === at ? '' : `it leads to ${place}, and `);
    for (const place of [at, led]) {
      const cause = why(path.posix.normalize(place), own);
      if (cause !== null) refuse(at, `${leadsTo(place)}${cause}`);
    }
    for (const place of [at, led, ...links]) {
      const outer = given.find(
        (other) => other !== one && [other.at, other.led].some((folder) => isWithin(place, folder)),
      );
      if (outer !== undefined) refuse(at, `${leadsTo(place)}it is within ${outer.at}, which is given, too`);
    }
  }
}

/** Where a path leads, as far as it is there, and the places of the links on the way. */
async function wayOf(written: string): Promise<{ readonly led: string; readonly links: readonly string[] }> {
  const links: string[] = [];
  const parts = written.split('/');
  let at = '/';
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const place = path.posix.join(at, part);
    const target = part === '..' ? null : await readlink(place).catch(() => null);
    if (target === null) {
      at = place;
      continue;
    }
    if (links.push(place) > MOST_LINKS) return { led: written, links };
    parts.unshift(...target.split('/'));
    if (target.startsWith('/')) at = '/';
  }
  return { led: at, links };
}

/** As Linux, which follows no more (`path_resolution(7)`). */
const MOST_LINKS = 40;

/** Why a workflow may not have the paths of the host that it asks for, for its reason; null: it may, or asks for none. Pure. */
export function whyVolumesRefused(
  { plan, isTrusted }: { readonly plan: Pick<Plan, 'services' | 'steps'>; readonly isTrusted?: boolean },
  allowed: readonly HostVolume[],
): string | null {
  try {
    for (const { user, volume } of wantedOf(plan)) demandAllowed(user, volume, allowed, isTrusted === true);
    return null;
  } catch (error) {
    if (error instanceof Problem) return `${error.message} ${error.fix}`;
    throw error;
  }
}

/** What of the host the services and steps of a plan want that this event does not leave out. */
function wantedOf({ services, steps }: Pick<Plan, 'services' | 'steps'>) {
  const users = [
    ...services.map((one) => ({ user: `The service \`${one.name}\``, ...one })),
    ...steps.filter(({ selected }) => selected).map((one) => ({ user: `The step \`${one.name}\``, ...one })),
  ];
  return users.flatMap(({ user, volumes = [] }) =>
    volumes.filter(isOfHost).map((volume) => ({ user, volume })),
  );
}

/**
 * Whoever has the folder of the engine has the host; where that is only the engine says.
 * @throws Problem `volume_refused`, EngineLost.
 */
export async function demandOutsideEngine(
  engine: Pick<Engine, 'facts'>,
  plan: Pick<Plan, 'services' | 'steps'>,
): Promise<void> {
  const wanted = wantedOf(plan);
  if (wanted.length === 0) return;
  const { folder } = await engine.facts();
  for (const { user, volume } of wanted) {
    const cause = whyNeverGiven(volume.host, [folder]);
    if (cause !== null) throw refusal(user, volume, cause);
  }
}

function refusal(user: string, { host, path: place, readOnly }: HostVolumePlan, cause: string): Problem {
  return new Problem('volume_refused', { user, host, path: place, cause, mode: readOnly ? 'ro' : 'rw' });
}

/**
 * A path is allowed as the operator has written it, and nothing below it is: a build could have put a link there, which the
 * engine follows, and that engine may be on a machine where the worker can look at nothing.
 * @throws Problem `volume_refused`.
 */
export function demandAllowed(
  user: string,
  volume: HostVolumePlan,
  allowed: readonly HostVolume[],
  isTrusted: boolean,
): void {
  const { host, readOnly } = volume;
  const found = allowed.find((one) => one.path === host);
  const outer = allowed.find((one) => isWithin(host, one.path));
  const cause = !isTrusted
    ? 'the build is of a fork, or its server does not say that it is not'
    : found === undefined
      ? outer === undefined
        ? 'this worker allows no such path'
        : `this worker allows ${outer.path}, and nothing below it by itself`
      : found.readOnly && !readOnly
        ? 'this worker allows it for reading alone, with `:ro`'
        : null;
  if (cause !== null) throw refusal(user, volume, cause);
}
