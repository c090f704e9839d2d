import path from 'node:path';
import type { Status } from '../../../src/core/status.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { DeploymentView } from '../../../src/core/views/deployment-view.ts';
import type { LogRangeView } from '../../../src/core/views/log-view.ts';
import { listApps } from '../../../worker/deploy/app-container.ts';
import { connectEngine } from '../../../worker/engine/connect-engine.ts';
import type { System } from '../../support/system.ts';
import { waitFor } from '../../support/wait.ts';
import type { VictimFault } from './faults.ts';
import type { Ground } from './ground.ts';
import { appLogOf, readLog, type LogReader } from './log-reader.ts';
import { writtenByApp, writtenBySmoke, writtenByStep, type Pushed } from './projects.ts';
import { begins, ownText, redacted, wrongInApp, wrongInLog } from './wrong-in-log.ts';

const SEAL_MS = 30_000;

/** A build that is over, and what a round knows of it. */
export interface Ended {
  readonly system: System;
  readonly reader: LogReader;
  readonly pushed: Pushed;
  readonly build: BuildView;
  readonly at: VictimFault;
}

/** Every log of the build is contiguous, ended, what a reader was given and more, and what was written to it. */
export async function checkLogs({ system, reader, pushed, build, at }: Ended): Promise<readonly string[]> {
  const problems: string[] = [];
  const looked = new Set<string>();
  /** What was written to it. */
  const look = async (logId: string, what: string): Promise<string> => {
    looked.add(logId);
    const last = await ended(system, logId);
    const wrong = wrongInLog({ ...last, shown: reader.shown(logId) });
    problems.push(...wrong.map((text) => `the log of ${what} ${text}`));
    reader.leave(logId);
    return ownText(last.view.range);
  };
  for (const row of build.workflows.flatMap(({ steps }) => steps))
    for (const attempt of row.attempts.filter(({ startedAtMs }) => startedAtMs !== null)) {
      const what = `${row.name} ${attempt.attempt}`;
      const got = await look(attempt.logId, what);
      if (!isOfStep(got, writtenByStep(row.name, pushed.version), attempt.status, at))
        problems.push(`the log of ${what} (${attempt.status}) is not what it wrote: ${excerpt(got)}`);
    }
  // Those of attempts that others have taken the place of.
  const others = [...reader.logsOf(build.id)].filter((id) => !looked.has(id) && reader.shown(id).length > 0);
  for (const logId of others.filter((id) => id.startsWith('att_'))) await look(logId, `the lost ${logId}`);
  for (const deployment of build.deployments.filter(({ startedAtMs }) => startedAtMs !== null)) {
    const attempts = others.filter((id) => id.startsWith('dep_'));
    const texts: string[] = [];
    for (const logId of new Set([deployment.id, deployment.logId, ...attempts]))
      texts.push(await look(logId, `its deployment, ${logId},`));
    if (!isOfSmoke(texts, deployment, { pushed, at }))
      problems.push(`the log of its deployment is not what it wrote: ${JSON.stringify(texts)}`);
  }
  return problems;
}

/** Both ends of what was found, for who has to find out why. */
function excerpt(text: string): string {
  const [begin, end] = [text.slice(0, 200), text.slice(200).slice(-200)];
  return `${text.length} bytes, ${JSON.stringify(begin)} … ${JSON.stringify(end)}`;
}

/**
 * Of an attempt that Slipway lost, the beginning. An engine that is told to end while it starts a process gives its own words
 * as that one's output; they may stand there alone.
 */
function isOfStep(got: string, written: string | null, status: Status, at: VictimFault): boolean {
  if (written === null) return true;
  const whole = redacted(written);
  if (status === 'success' || status === 'failure') return got === whole;
  if (begins(whole, got)) return true;
  return (
    at.victim === 'engine' &&
    /^(?:OCI runtime exec failed: [^\n]*|cannot exec in a \w+ state): unknown\r?\n$/.test(got)
  );
}

/**
 * Each attempt of a deployment writes what its smoke test does, or the beginning; where all went well, one of them does
 * whole. One whose engine went away may show the last lines of its app as well.
 */
function isOfSmoke(
  texts: readonly string[],
  { status }: DeploymentView,
  { pushed, at }: Pick<Ended, 'pushed' | 'at'>,
): boolean {
  const whole = redacted(writtenBySmoke());
  if (status === 'success' && !texts.includes(whole)) return false;
  if (at.victim !== 'engine') return texts.every((text) => begins(whole, text));
  const known = [...whole.split('\n'), ...redacted(writtenByApp(pushed.version)).split('\n')];
  return texts.every((text) => text.split('\n').every((line) => known.some((one) => one.startsWith(line))));
}

async function ended(system: System, logId: string): Promise<{ view: LogRangeView; raw: string }> {
  // That of a lost attempt is ended by the server, a moment later.
  await waitFor('it is sealed', async () => (await readLog(system, logId)).sealed, SEAL_MS).catch(
    () => undefined,
  );
  return { raw: await download(system, logId), view: await readLog(system, logId) };
}

async function download({ url, adminToken }: System, logId: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/logs/${logId}/raw`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  if (!answer.ok) throw new Error(`${logId} cannot be downloaded: ${answer.status}`);
  return answer.text();
}

interface KeptApp {
  readonly version: string;
  /** It may have begun so many times: with each start of the engine once more. */
  starts: number;
  /** Whether its deployment has switched to it. */
  readonly isDeployed: boolean;
}

/** The logs of apps, which outlive the round that began them. */
export class AppLogs {
  readonly #apps = new Map<string, KeptApp>();
  readonly #ground: Ground;
  readonly #reader: LogReader;

  constructor(ground: Ground, reader: LogReader) {
    this.#ground = ground;
    this.#reader = reader;
  }

  /** A round is over: what it may have deployed is known from now on. */
  add({ deployments }: BuildView, { version }: Pushed): void {
    for (const { id, status } of deployments)
      this.#apps.set(id, { version, starts: 1, isDeployed: status === 'success' });
  }

  /** The engine was ended, and has ended its containers. */
  engineEnded(): void {
    for (const app of this.#apps.values()) app.starts++;
  }

  /** Of every app what it wrote, all of it while it runs; of one that is gone the beginning, and an end. */
  async check(): Promise<readonly string[]> {
    const problems: string[] = [];
    const engine = connectEngine(this.#ground.dockerHost);
    try {
      const routerDir = path.join(this.#ground.system.dir, 'router');
      const there = new Set((await listApps(engine, routerDir)).map(({ deploymentId }) => deploymentId));
      for (const [id, app] of this.#apps) {
        const wrong = there.has(id) ? await this.#running(id, app) : await this.#gone(id, app);
        problems.push(...wrong.map((text) => `the log of the app ${app.version} (${id}) ${text}`));
      }
    } finally {
      engine.close();
    }
    return problems;
  }

  async #running(id: string, { version, starts, isDeployed }: KeptApp): Promise<readonly string[]> {
    const runs = { whole: redacted(writtenByApp(version)), most: starts, isLastWhole: isDeployed };
    let wrong: readonly string[] = [];
    const isRight = async (): Promise<boolean> => {
      const { range } = await readLog(this.#ground.system, appLogOf(id));
      wrong = wrongInApp(ownText(range), runs);
      return wrong.length === 0;
    };
    await waitFor('the log of an app is whole', isRight, SEAL_MS).catch(() => undefined);
    return wrong;
  }

  async #gone(id: string, { version, starts, isDeployed }: KeptApp): Promise<readonly string[]> {
    this.#apps.delete(id);
    const logId = appLogOf(id);
    const shown = this.#reader.shown(logId);
    this.#reader.leave(logId);
    // One that was never switched to may have been gone before anybody looked for it.
    const { bytes, sealed } = await readLog(this.#ground.system, logId);
    if (!isDeployed && bytes === 0 && !sealed) return [];
    const last = await ended(this.#ground.system, logId);
    const runs = { whole: redacted(writtenByApp(version)), most: starts, isLastWhole: false };
    return [...wrongInLog({ ...last, shown }), ...wrongInApp(ownText(last.view.range), runs)];
  }
}
