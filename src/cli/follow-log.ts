import type { LogLine } from '../core/log.ts';
import type { ApiClient } from './api-client.ts';
import { segment } from './find.ts';
import { logLine } from './print.ts';
import { serverEvents } from './server-events.ts';

/** Writes a log to its end as it grows. A line that comes again, longer, is written once it is whole. */
export async function followLog(api: ApiClient, logId: string): Promise<void> {
  let held: LogLine | null = null;
  for await (const message of serverEvents(api, `log=${segment(logId)}:0`)) {
    if (message.type !== 'log') continue;
    for (const line of message.lines) {
      if (held !== null && held.number !== line.number) write(held);
      held = line;
    }
    const isAll = held === null || held.number + 1 >= message.state.lines;
    if (!message.state.sealed || !isAll) continue;
    if (held !== null) write(held);
    return;
  }
}

function write(line: LogLine): void {
  process.stdout.write(`${logLine(line.text)}\n`);
}
