import { tailLog } from '../../logs/tail.ts';
import type { AppDeps } from '../deps.ts';
import type { EventStream } from './event-stream.ts';

/** Sends the lines of several logs as they become durable; each message's id tells where all of them go on. */
export async function streamLogs(
  { logs }: Pick<AppDeps, 'logs'>,
  from: ReadonlyMap<string, number>,
  stream: EventStream,
): Promise<void> {
  const next = new Map(from);
  await Promise.all(
    [...from].map(async ([logId, fromLine]) => {
      for await (const { lines, state } of tailLog(logs, logId, fromLine, stream.gone)) {
        const last = lines.at(-1);
        // The last line may be unfinished: it is the one to go on with.
        if (last !== undefined) next.set(logId, last.number);
        const id = [...next].map(([log, line]) => `${log}:${line}`).join(',');
        await stream.send({ type: 'log', logId, lines, state }, id);
      }
    }),
  );
}
