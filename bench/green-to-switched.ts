import { endOf, push } from '../test/support/builds.ts';
import { serviceFiles } from './app-files.ts';
import { dockerCommand, timed } from './docker-run.ts';
import { median, quantile, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const PUSHES = 12;

/**
 * From the build's verdict to the switch: start of the candidate, health, smoke, router. Floor: `docker run -d` of the
 * same image, which only starts it.
 */
export async function greenToSwitched(ground: Ground): Promise<Figures<'greenToSwitched'>> {
  return measuredSystem(ground, serviceFiles('0'), async ({ system, repository }) => {
    const docker = await dockerCommand();
    const samples: number[] = [];
    const floors: number[] = [];
    for (let i = 1; i <= PUSHES; i++) {
      const build = await endOf(system, await push(system, repository, serviceFiles(String(i))));
      const [deployment] = build.deployments;
      if (deployment?.switchedAtMs == null || build.finishedAtMs === null)
        throw new Error(JSON.stringify(build));
      samples.push(deployment.switchedAtMs - build.finishedAtMs);
      const { ms, output } = await timed(docker, ['run', '-d', 'slipway-test/node:24', 'sleep', '60']);
      floors.push(ms);
      await timed(docker, ['rm', '-f', output.trim()]);
    }
    const p50Ms = round(median(samples));
    const p99Ms = round(quantile(samples, 0.99));
    return {
      rows: [
        {
          what: `green → switched (prepare: pull), ${PUSHES} deployments, p50 / p99`,
          value: `${p50Ms} ms / ${p99Ms} ms`,
          floor: `${round(median(floors))} ms (docker run -d)`,
          goal: '–',
        },
      ],
      json: { p50Ms, p99Ms, dockerRunMs: round(median(floors)) },
    };
  });
}
