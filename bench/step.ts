import type { BuildView } from '../src/core/views/build-view.ts';
import { endOf, push } from '../test/support/builds.ts';
import { dockerCommand, timed } from './docker-run.ts';
import { median, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const STEPS = 10;
/** What each step does by itself: long enough that the next one's container can start meanwhile. */
const OWN_MS = 1_000;
const IMAGE = 'slipway-test/busybox:1';

/**
 * What a step adds to the critical path beyond its own time, its container having been started ahead; and what one
 * costs in a row of steps that do nothing, where nothing can be hidden. Floor: `docker run --rm` that does nothing.
 */
export async function step(ground: Ground): Promise<Figures<'step'>> {
  return measuredSystem(ground, { 'README.md': 'steps\n' }, async ({ system, repository }) => {
    const docker = await dockerCommand();
    const measured: Record<'long' | 'empty', number[]> = { long: [], empty: [] };
    const floors: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      for (const [kind, command, ownMs] of [
        ['long', `sleep ${OWN_MS / 1000}`, OWN_MS],
        ['empty', 'true', 0],
      ] as const) {
        const files = { 'slipway.yml': fileOf(command), turn: String(turn) };
        const build = await endOf(system, await push(system, repository, files));
        measured[kind].push(...durations(build).map((ms) => ms - ownMs));
      }
      for (let i = 0; i < STEPS; i++) floors.push((await timed(docker, ['run', '--rm', IMAGE, 'true'])).ms);
    }
    const [ms, emptyMs, floorMs] = [
      round(median(measured.long)),
      round(median(measured.empty)),
      round(median(floors)),
    ];
    const criticalPathRatio = round(ms / floorMs);
    const floor = `${floorMs} ms (docker run --rm)`;
    return {
      rows: [
        {
          what: `a step's critical path beyond its own second, median of ${measured.long.length}`,
          value: `${ms} ms (${criticalPathRatio} ×)`,
          floor,
          goal: '≤ 0.4 ×',
        },
        {
          what: 'the same in a row of steps that do nothing',
          value: `${emptyMs} ms (${round(emptyMs / floorMs)} ×)`,
          floor,
          goal: '–',
        },
      ],
      json: { criticalPathRatio, ms, emptyMs, dockerRunMs: floorMs },
    };
  });
}

function fileOf(command: string): string {
  const steps = Array.from(
    { length: STEPS },
    (_, i) => `  - name: s${i}\n    image: ${IMAGE}\n    commands: ["${command}"]\n`,
  );
  return `steps:\n${steps.join('')}`;
}

/** How long each step but the first took, whose container nothing was there to hide behind. */
function durations(build: BuildView): number[] {
  const steps = build.workflows.flatMap((workflow) => workflow.steps).filter(({ kind }) => kind === 'step');
  return steps.slice(1).map(({ attempts: [attempt] }) => {
    if (attempt?.startedAtMs == null || attempt.finishedAtMs === null) throw new Error(JSON.stringify(build));
    return attempt.finishedAtMs - attempt.startedAtMs;
  });
}
