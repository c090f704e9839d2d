import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { System } from '../../support/system.ts';
import { waitFor } from '../../support/wait.ts';
import { explain } from './expect-build.ts';
import { logOf, rowsOf } from './read-build.ts';

export function buildOf(system: System, id: string): Promise<BuildView> {
  return system.api<BuildView>('GET', `/builds/${id}`);
}

/** Waits until the build is as `holds` says. @throws Error with what became of it instead. */
export async function untilBuild(
  system: System,
  id: string,
  claim: string,
  holds: (build: BuildView) => boolean | Promise<boolean>,
  mostMs = 30_000,
): Promise<BuildView> {
  let seen: BuildView | null = null;
  return waitFor(
    `the build ${claim}`,
    async () => {
      seen = await buildOf(system, id);
      return (await holds(seen)) ? seen : null;
    },
    mostMs,
  ).catch((cause: unknown) => {
    throw new Error(`${String(cause)}: ${seen === null ? 'never seen' : explain(seen)}`, { cause });
  });
}

/** Waits until a row's log has a text: then its command surely runs. */
export function untilSaid(system: System, id: string, row: string, text: string): Promise<BuildView> {
  return untilBuild(system, id, `says ${text} in ${row}`, async (build) => {
    const begun = rowsOf(build).some(({ name, status }) => name === row && status !== 'pending');
    return begun && (await logOf(system, build, row)).split('\n').includes(text);
  });
}
