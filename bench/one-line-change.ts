import { randomUUID } from 'node:crypto';
import type { BuildView } from '../src/core/views/build-view.ts';
import { endOf, push } from '../test/support/builds.ts';
import { serviceFiles } from './app-files.ts';
import { median, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const CHANGES = 5;

/** What the second push of a service costs: bytes to the registry and time in BuildKit. Floor: what its layer weighs. */
export async function oneLineChange(ground: Ground): Promise<Figures<'oneLineChange'>> {
  const weight = randomUUID();
  const files = (version: number) => serviceFiles(`change-${version}`, weight);
  return measuredSystem(ground, files(0), async ({ system, repository }) => {
    const cold = await endOf(system, await push(system, repository, files(1)));
    const warm: BuildView[] = [];
    for (let i = 2; i < 2 + CHANGES; i++)
      warm.push(await endOf(system, await push(system, repository, files(i))));
    const coldBuildMs = round(imageMs(cold));
    const rebuildMs = round(median(warm.map(imageMs)));
    const bytesPushed = median(warm.map((build) => build.pushed?.bytesPushed ?? Number.NaN));
    const code = files(1)['server.mjs']?.length ?? 0;
    return {
      rows: [
        {
          what: `bytes pushed after a one-line change, median of ${CHANGES}`,
          value: `${bytesPushed} B`,
          floor: `${code} B (the changed file, uncompressed)`,
          goal: '–',
        },
        {
          what: 'image rebuilt after it',
          value: `${rebuildMs} ms`,
          floor: `${coldBuildMs} ms (built cold)`,
          goal: '–',
        },
      ],
      json: { bytesPushed, rebuildMs, coldBuildMs },
    };
  });
}

function imageMs(build: BuildView): number {
  const image = build.workflows.flatMap((workflow) => workflow.steps).find(({ kind }) => kind === 'image');
  const attempt = image?.attempts.at(-1);
  if (attempt?.startedAtMs == null || attempt.finishedAtMs === null) throw new Error(JSON.stringify(build));
  return attempt.finishedAtMs - attempt.startedAtMs;
}
