import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { BuildView } from '../core/views/build-view.ts';
import type { ApiClient } from './api-client.ts';
import { demandLog, logsOfDeployments, logsOfSteps, titleOf, type NamedLog } from './build-logs.ts';
import { callServer, type ServerCommand } from './call-server.ts';
import { findBuild, segment } from './find.ts';
import { followBuild } from './follow-build.ts';
import { formatProblems } from './format-problems.ts';
import { logLine, paint } from './print.ts';

const logs: ServerCommand = {
  usage: `slipway logs <build> [step | environment] [-f]   (a build's id, or like shop/web#12)
       -f follows the build and its deployments to their end; the exit status is then 0 only if all went well`,
  arguments: [1, 2],
  options: { follow: { type: 'boolean', short: 'f' } },
  run: async ({ api, positionals: [name = '', log], values }) => {
    const id = await findBuild(api, name);
    const build = await api.request<BuildView>('GET', `/builds/${segment(id)}`);
    demandLog(build, log);
    if (values['follow'] === true) return followBuild(api, build, log);
    for (const one of [...logsOfSteps(build, log), ...logsOfDeployments(build, log)])
      if (one.begun) await print(api, one);
    if (build.problems.length === 0) return 0;
    process.stdout.write(formatProblems(build.problems, paint));
    return 1;
  },
};

/** `slipway logs`. Gives the exit status. */
export const logsCommand = (argv: readonly string[]): Promise<number> => callServer(logs, argv);

/** To a terminal line by line and harmless; elsewhere the log's very bytes. */
async function print(api: ApiClient, log: NamedLog): Promise<void> {
  process.stdout.write(titleOf(log));
  const response = await api.open(`/logs/${segment(log.logId)}/raw`);
  if (response.body === null) return;
  if (!process.stdout.isTTY) {
    for await (const part of response.body) process.stdout.write(part);
    return;
  }
  const lines = createInterface({ input: Readable.fromWeb(response.body as ReadableStream) });
  for await (const line of lines) process.stdout.write(`${logLine(line)}\n`);
}
