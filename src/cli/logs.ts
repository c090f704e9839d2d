import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { LogLine } from '../core/log.ts';
import { isEnd } from '../core/status.ts';
import type { BuildView, StepView } from '../core/view.ts';
import type { ApiClient } from './api-client.ts';
import { callServer, UsageError, type ServerCommand } from './call-server.ts';
import { findBuild, segment } from './find.ts';
import { logLine, paint, paintStatus } from './print.ts';
import { serverEvents } from './server-events.ts';

const logs: ServerCommand = {
  usage: `slipway logs <build> [step] [-f]   (a build's id, or like shop/web#12)
       -f follows the build to its end; the exit status is then 0 only for success`,
  arguments: [1, 2],
  options: { follow: { type: 'boolean', short: 'f' } },
  run: async ({ api, positionals: [name = '', step], values }) => {
    const id = await findBuild(api, name);
    const build = await api.request<BuildView>('GET', `/builds/${segment(id)}`);
    demandStep(build, step);
    if (values['follow'] === true) return follow(api, build, step);
    for (const one of wanted(build, step)) await print(api, one);
    return 0;
  },
};

/** `slipway logs`. Gives the exit status. */
export const logsCommand = (argv: readonly string[]): Promise<number> => callServer(logs, argv);

function demandStep(build: BuildView, name: string | undefined): void {
  const names = build.workflows.flatMap((workflow) => workflow.steps.map((step) => step.name));
  if (name !== undefined && names.length > 0 && !names.includes(name))
    throw new UsageError(`the build has no step ${name}; it has: ${names.join(', ')}`);
}

function wanted(build: BuildView, name: string | undefined): readonly StepView[] {
  const steps = build.workflows.flatMap((workflow) => workflow.steps);
  return name === undefined ? steps : steps.filter((step) => step.name === name);
}

/** To a terminal line by line and harmless; elsewhere the log's very bytes. */
async function print(api: ApiClient, step: StepView): Promise<void> {
  const attempt = step.attempts.at(-1);
  if (attempt === undefined) return;
  title(step);
  const response = await api.open(`/logs/${segment(attempt.logId)}/raw`);
  if (response.body === null) return;
  if (!process.stdout.isTTY) {
    for await (const part of response.body) process.stdout.write(part);
    return;
  }
  const lines = createInterface({ input: Readable.fromWeb(response.body as ReadableStream) });
  for await (const line of lines) process.stdout.write(`${logLine(line)}\n`);
}

/** Follows the steps in their order, each from its start to its end, until the build has one. */
async function follow(api: ApiClient, first: BuildView, name: string | undefined): Promise<number> {
  const done = new Set<string>();
  for (let build = first; ; build = await nextChange(api, build)) {
    for (const step of wanted(build, name)) {
      const logId = step.attempts.at(-1)?.logId;
      if (logId === undefined || done.has(logId) || step.status === 'pending') continue;
      title(step);
      await followLog(api, logId);
      done.add(logId);
    }
    if (!isEnd(build.status) && build.status !== 'blocked') continue;
    process.stdout.write(`${paintStatus(build.status)}${build.reason === null ? '' : `: ${build.reason}`}\n`);
    for (const problem of build.problems)
      process.stdout.write(`  ${problem.file}:${problem.line}:${problem.column} ${problem.message}\n`);
    return build.status === 'success' ? 0 : 1;
  }
}

async function nextChange(api: ApiClient, build: BuildView): Promise<BuildView> {
  const known = JSON.stringify(build);
  for await (const message of serverEvents(api, `build=${segment(build.id)}`))
    if (message.type === 'build' && JSON.stringify(message.build) !== known) return message.build;
  return build;
}

/** A line that comes again, longer, is written once it is whole. */
async function followLog(api: ApiClient, logId: string): Promise<void> {
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

function title(step: StepView): void {
  process.stdout.write(`${paint('bold', `── ${step.name}`)} ${paint('dim', step.kind)}\n`);
}
