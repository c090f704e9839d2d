import type { DeliveryView } from '../src/core/views/delivery-view.ts';
import type { LogRangeView } from '../src/core/views/log-view.ts';
import { endOf, push } from '../test/support/builds.ts';
import { dockerCommand, timed } from './docker-run.ts';
import { median, quantile, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const PUSHES = 20;
const IMAGE = 'slipway-test/busybox:1';
const FILE = `steps:\n  - name: hello\n    image: ${IMAGE}\n    commands: [echo hello]\n`;

/** From a delivery to the first line that its first step writes, on an idle worker. Floor: `docker run --rm` that writes it. */
export async function firstLine(ground: Ground): Promise<Figures<'firstLine'>> {
  return measuredSystem(ground, { 'slipway.yml': FILE }, async ({ system, repository }) => {
    const docker = await dockerCommand();
    const samples: number[] = [];
    const floors: number[] = [];
    for (let i = 0; i < PUSHES; i++) {
      const build = await endOf(system, await push(system, repository, { push: String(i) }));
      const hello = build.workflows
        .flatMap((workflow) => workflow.steps)
        .find(({ name }) => name === 'hello');
      const logId = hello?.attempts[0]?.logId ?? '';
      const log = await system.api<LogRangeView>('GET', `/logs/${logId}?from=0&count=10`);
      const line = log.range.find(({ text }) => text === 'hello');
      if (line === undefined) throw new Error(`no first line in ${JSON.stringify(log)}`);
      const delivery = await system.api<DeliveryView>('GET', `/deliveries/${build.deliveryId ?? ''}`);
      // Both stamps are this machine's clock: the delivery's arrival and the line's reading from the container.
      samples.push(line.timeMs - delivery.receivedAtMs);
      floors.push((await timed(docker, ['run', '--rm', IMAGE, 'echo', 'hello'])).ms);
    }
    const p50Ms = round(median(samples));
    const p99Ms = round(quantile(samples, 0.99));
    return {
      rows: [
        {
          what: `webhook → first line of the first step, idle worker, ${PUSHES} pushes, p50 / p99`,
          value: `${p50Ms} ms / ${p99Ms} ms`,
          floor: `${round(median(floors))} ms (docker run --rm)`,
          goal: '–',
        },
      ],
      json: { p50Ms, p99Ms, dockerRunMs: round(median(floors)) },
    };
  });
}
