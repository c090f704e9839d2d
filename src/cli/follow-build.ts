import { fixBeside } from '../core/end-fix.ts';
import { isEnd, type Status } from '../core/status.ts';
import type { BuildView } from '../core/views/build-view.ts';
import { harmless } from '../pipeline/excerpt.ts';
import type { ApiClient } from './api-client.ts';
import { logsOfDeployments, logsOfSteps, titleOf, type NamedLog } from './build-logs.ts';
import { segment } from './find.ts';
import { followLog } from './follow-log.ts';
import { formatProblems } from './format-problems.ts';
import { deploymentEnd, paint, paintStatus } from './print.ts';
import { serverEvents } from './server-events.ts';

/**
 * Writes the logs of a build, or the one that is named, in their order and each from its start to its end, until the
 * build has ended, and its deployments after it. Gives the exit status: 0 when the build and all of them went well.
 */
export async function followBuild(
  api: ApiClient,
  first: BuildView,
  name: string | undefined,
): Promise<number> {
  const told = new Set<string>();
  const once = async (id: string, tell: () => Promise<void> | void): Promise<void> => {
    if (told.has(id)) return;
    await tell();
    told.add(id);
  };
  const follow = async (logs: readonly NamedLog[]): Promise<void> => {
    for (const log of logs.filter(({ begun }) => begun))
      await once(log.logId, () => {
        process.stdout.write(titleOf(log));
        return followLog(api, log.logId);
      });
  };
  for (let build = first; ; build = await nextChange(api, build)) {
    await follow(logsOfSteps(build, name));
    if (name !== undefined) await follow(logsOfDeployments(build, name));
    if (!isEnd(build.status) && build.status !== 'blocked') continue;
    await once(build.id, () => tellEnd(build));
    if (build.status !== 'success') return 1;
    await followDeployments(build, name, { once, follow });
    const ends = deploymentsOf(build).map(({ status }) => status);
    if (ends.every(isEnd)) return ends.every(isWell) ? 0 : 1;
  }
}

interface Follower {
  readonly once: (id: string, tell: () => Promise<void> | void) => Promise<void>;
  readonly follow: (logs: readonly NamedLog[]) => Promise<void>;
}

async function followDeployments(
  build: BuildView,
  name: string | undefined,
  { once, follow }: Follower,
): Promise<void> {
  for (const deployment of deploymentsOf(build)) {
    const { id, environment, status, waitingFor } = deployment;
    if (!isEnd(status) && waitingFor !== null)
      await once(`${id} ${waitingFor}`, () => say(`${environment} waits for ${waitingFor}`));
    if (!isEnd(status)) await once(`${id} begun`, () => say(`deploying to ${environment} …`));
    if (name === undefined)
      await follow(logsOfDeployments(build, environment).filter(({ logId }) => logId === deployment.logId));
    if (isEnd(status)) await once(`${id} ended`, () => say(deploymentEnd(deployment)));
  }
}

function deploymentsOf(build: BuildView): BuildView['deployments'] {
  return build.deployments.filter(({ cause }) => cause === 'build');
}

/** A deployment that a newer one made needless went no worse than was meant. */
function isWell(status: Status): boolean {
  return status === 'success' || status === 'skipped';
}

function tellEnd(build: BuildView): void {
  say(`${paintStatus(build.status)}${build.reason === null ? '' : `: ${harmless(build.reason)}`}`);
  const fix = fixBeside(build);
  if (fix !== null) say(paint('dim', harmless(fix)));
  if (build.problems.length > 0) process.stdout.write(formatProblems(build.problems, paint));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function nextChange(api: ApiClient, build: BuildView): Promise<BuildView> {
  const known = JSON.stringify(build);
  for await (const message of serverEvents(api, `build=${segment(build.id)}`))
    if (message.type === 'build' && JSON.stringify(message.build) !== known) return message.build;
  return build;
}
