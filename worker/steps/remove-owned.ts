import type { Engine } from '../engine/engine.ts';
import type { Owned } from '../engine/list-owned.ts';

/**
 * Removes things in the only order that works: containers, then networks, then volumes. One that will not go does
 * not keep the others. Returns how many things went.
 * @throws AggregateError of what could not be removed.
 */
export async function removeOwned(engine: Engine, owned: Owned): Promise<number> {
  const stages = [
    owned.containers.map((thing) => () => engine.removeContainer(thing.id)),
    owned.networks.map((thing) => () => engine.removeNetwork(thing.id)),
    owned.volumes.map((thing) => () => engine.removeVolume(thing.id)),
  ];
  const failures: unknown[] = [];
  for (const stage of stages) {
    const ends = await Promise.allSettled(stage.map((removal) => removal()));
    failures.push(...ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : [])));
  }
  const asked = stages.flat().length;
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} of ${asked} things could not be removed`);
  return asked;
}
