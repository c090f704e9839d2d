import { spawnSync } from 'node:child_process';
import Dockerode from 'dockerode';
import type { ExpectStatic } from 'vitest';
import type { BuildTestsView } from '../../../src/core/views/tests-view.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { EnvironmentView } from '../../../src/core/views/environment-view.ts';
import type { InputsView, ScheduleView } from '../../../src/core/views/project-view.ts';
import type { LintProblemView } from '../../../src/core/views/lint-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { LogLine } from '../../../src/core/log.ts';
import { ENDS, type EndCode } from '../../../src/core/end.ts';
import { CATALOGUE } from '../../../src/core/problem.ts';
import { APP_LABELS } from '../../../worker/deploy/app-container.ts';
import type { HostedRepository } from '../../support/git-host.ts';
import { testParts } from '../../support/parts.ts';
import type { System } from '../../support/system.ts';
import { happen } from './happen.ts';
import { attemptOf, linesOf, rowOf, rowsOf } from './read-build.ts';
import { contentOf, tagsOf } from './registry.ts';
import type { Expected, ExpectedRow, Run } from './scenario.ts';

/** An ended build, and the `expect` of the test that looks at it: tests run beside one another. */
export interface Seen {
  readonly system: System;
  readonly build: BuildView;
  readonly expect: ExpectStatic;
}

/** Holds a build against what a scenario expects of it. */
export async function expectBuild(seen: Seen, raw: Expected): Promise<void> {
  const { system, build, expect } = seen;
  const expected = fillIn(seen, raw);
  const explained = explain(build);
  expect
    .soft(places(build.problems.filter(({ severity }) => severity === 'error')))
    .toEqual(expected.problems);
  expect.soft(places(build.warnings)).toEqual(expected.warnings);
  expect(build.status, explained).toBe(expected.status);
  const reason = expected.status === 'success' ? null : undefined;
  if (expected.reason !== undefined || reason === null)
    expectText(expect, build.reason, expected.reason ?? null, 'reason of the build');
  if (expected.code !== undefined) expect.soft(build.code, explained).toBe(expected.code);
  expectCodes(seen);
  await expectRows(seen, expected);
  for (const [first, second] of expected.order)
    expect.soft(endOf(build, first), `${first} before ${second}`).toBeLessThanOrEqual(startOf(build, second));
  for (const [one, other] of expected.together) {
    expect.soft(startOf(build, one), `${one} beside ${other}`).toBeLessThan(endOf(build, other));
    expect.soft(startOf(build, other), `${one} beside ${other}`).toBeLessThan(endOf(build, one));
  }
  for (const [repository, tags] of Object.entries(expected.tags))
    expect
      .soft(await tagsOf(system.registryUrl, repository), `tags of ${repository}`)
      .toEqual([...tags].sort());
  await expectImage(seen, expected);
  await expectDeployments(seen, expected);
  await expectTests(seen, expected);
  await expectArtifacts(seen, expected);
  await expectProject(seen, expected);
}

/** Holds that no build is made by hand of what the run asks for, and why. */
export async function expectRefused(
  system: System,
  repository: HostedRepository,
  run: Run,
  expect: ExpectStatic,
): Promise<void> {
  const asked = happen(system, repository, run);
  for (const part of run.expect.refused) await expect(asked).rejects.toThrow(part);
}

/** What the newest files ask of whoever starts a build, and of the clock. */
async function expectProject({ system, build, expect }: Seen, { asked, schedules }: Expected): Promise<void> {
  const project = `/projects/${build.projectId}`;
  if (asked !== undefined) {
    const { inputs } = await system.api<InputsView>('GET', `${project}/inputs`);
    expect
      .soft(Object.fromEntries(inputs.map((input) => [input.name, input])), 'inputs')
      .toMatchObject(asked);
  }
  if (Object.keys(schedules).length === 0) return;
  const { items } = await system.api<Page<ScheduleView>>('GET', `${project}/schedules`);
  for (const [name, end] of Object.entries(schedules)) {
    const next = items.find((schedule) => schedule.name === name)?.nextMs[0] ?? Number.NaN;
    expect.soft(new Date(next).toJSON() ?? 'never', `next time of ${name}`).toMatch(new RegExp(`${end}$`));
  }
}

async function expectArtifacts(
  { system, build, expect }: Seen,
  { artifacts, expires }: Expected,
): Promise<void> {
  const days = (build.artifacts ?? []).flatMap(({ name, expiresAtMs }) =>
    expiresAtMs === null ? [] : [[name, Math.round((expiresAtMs - Date.now()) / DAY_MS)]],
  );
  expect.soft(Object.fromEntries(days), 'days until artifacts expire').toEqual(expires);
  const kept: Record<string, string[]> = {};
  for (const { id, name } of build.artifacts ?? []) {
    const answer = await fetch(`${system.url}/api/v1/artifacts/${id}`, {
      headers: { authorization: `Bearer ${system.adminToken}` },
    });
    const listed = spawnSync('tar', ['-tzf', '-'], {
      input: Buffer.from(await answer.arrayBuffer()),
      encoding: 'utf8',
    });
    kept[name] = listed.stdout.trim().split('\n').sort();
  }
  expect.soft(kept, 'artifacts').toEqual(artifacts);
}

const DAY_MS = 86_400_000;

async function expectTests({ system, build, expect }: Seen, { tests }: Expected): Promise<void> {
  const { items } = await system.api<BuildTestsView>('GET', `/builds/${build.id}/tests`);
  const told = items.map(
    ({ status, name, file, line, message }) => `${status} ${name} ${file}:${line} ${message?.split('\n')[0]}`,
  );
  expect.soft(told, 'tests that did not pass').toEqual(tests);
}

/** Whatever ends badly does so with a code of the catalogue, and the API says what to do about it. */
function expectCodes({ build, expect }: Seen): void {
  const steps = build.workflows.flatMap((workflow) => workflow.steps);
  const attempts = steps.flatMap((step) => step.attempts);
  for (const end of [build, ...build.workflows, ...steps, ...attempts, ...build.deployments]) {
    const { status, reason, code = null, fix } = end;
    if (status !== 'failure' && status !== 'error') {
      expect.soft(code, `code of what is ${status}: ${reason}`).toBeNull();
      continue;
    }
    const entry = { ...CATALOGUE, ...ENDS }[code as EndCode] as { fix: string } | undefined;
    const hasDetails = /\{\w+\}/.test(entry?.fix ?? '');
    expect.soft(entry?.fix, `the catalogue has ${code} for: ${reason}`).toBeDefined();
    expect.soft(fix, `fix of ${code}`).toBe(hasDetails ? null : entry?.fix);
  }
}

/** Rows that are a success need not be told of. */
const UNTOLD = new Set(['clone', 'image', 'push']);

async function expectRows(seen: Seen, { steps }: Expected): Promise<void> {
  const { build, expect } = seen;
  const statuses = Object.fromEntries(
    rowsOf(build)
      .filter(
        ({ name, status }) =>
          name in steps || !(UNTOLD.has(name.replace(/^.*: /, '')) && status === 'success'),
      )
      .map(({ name, status }) => [name, status]),
  );
  const wanted = Object.fromEntries(Object.entries(steps).map(([name, { status }]) => [name, status]));
  expect.soft(statuses, explain(build)).toEqual(wanted);
  for (const [name, wantedRow] of Object.entries(steps)) {
    const attempt = attemptOf(build, name);
    await expectRow(seen, name, wantedRow, {
      reason: attempt?.reason ?? rowOf(build, name).reason,
      code: attempt?.code ?? rowOf(build, name).code ?? null,
      exit: attempt?.exitCode ?? null,
      logId: attempt?.logId ?? null,
    });
  }
}

async function expectRow(
  { system, expect }: Seen,
  name: string,
  wanted: ExpectedRow,
  row: { reason: string | null; code: string | null; exit: number | null; logId: string | null },
): Promise<void> {
  const { reason, code, exit, log = [], lacks = [], output } = { ...NO_MORE, ...wanted };
  if (reason !== undefined) expectText(expect, row.reason, reason, `reason of ${name}`);
  if (code !== undefined) expect.soft(row.code, `code of ${name}`).toBe(code);
  if (exit !== undefined) expect.soft(row.exit, `exit code of ${name}`).toBe(exit);
  if (log.length + lacks.length === 0 && output === undefined) return;
  const lines = row.logId === null ? [] : await linesOf(system, row.logId);
  const text = lines.map((line) => line.text).join('\n');
  for (const part of log) expect.soft(text, `log of ${name}`).toContain(part);
  for (const part of lacks) expect.soft(text, `log of ${name}`).not.toContain(part);
  if (output !== undefined) expect.soft(outputOf(lines), `output of ${name}`).toEqual(output);
}

/** The very text, or a pattern between slashes. */
function expectText(expect: ExpectStatic, seen: string | null, wanted: string | null, what: string): void {
  const [, pattern] = /^\/(.*)\/$/.exec(wanted ?? '') ?? [];
  if (pattern === undefined) expect.soft(seen, what).toBe(wanted);
  else expect.soft(seen ?? '', what).toMatch(new RegExp(pattern));
}

const NO_MORE: {
  reason?: string | null | undefined;
  code?: string | undefined;
  exit?: number | null | undefined;
} & Partial<Record<'log' | 'lacks' | 'output', string[] | undefined>> = {};

/** What commands wrote; a line that shows a command begins with `+ `. */
function outputOf(lines: readonly LogLine[]): readonly string[] {
  return lines
    .filter(({ stream, text }) => stream !== 'system' && !text.startsWith('+ '))
    .map(({ text }) => text);
}

async function expectImage({ system, build, expect }: Seen, { image }: Expected): Promise<void> {
  if (image === undefined) return;
  const { repository, digest } = build.pushed ?? {};
  const name = (repository ?? '').slice(system.registry.host.length + 1);
  const content = await contentOf(system.registryUrl, name, digest ?? '');
  for (const part of image.has) expect.soft(content.includes(part), `the image has ${part}`).toBe(true);
  for (const part of image.lacks) expect.soft(content.includes(part), `the image has ${part}`).toBe(false);
}

async function expectDeployments(seen: Seen, { deployments, environments, apps }: Expected): Promise<void> {
  const { system, build, expect } = seen;
  expect
    .soft(Object.fromEntries(build.deployments.map((one) => [one.environment, one.status])), explain(build))
    .toEqual(Object.fromEntries(Object.entries(deployments).map(([name, { status }]) => [name, status])));
  for (const { environment, reason, code = null, logId } of build.deployments) {
    const wanted = deployments[environment];
    if (wanted !== undefined) await expectRow(seen, environment, wanted, { reason, code, exit: null, logId });
  }
  for (const [name, wanted] of Object.entries(environments)) {
    const rolesNow = async (): Promise<readonly string[]> =>
      (await environmentOf(system, build.projectId, name)).slots.map(({ role }) => role).sort();
    if (wanted.slots !== undefined && wanted.within > 0)
      await expect
        .poll(rolesNow, {
          message: `slots of ${name}`,
          timeout: wanted.within * 1_000 + 1_000,
          interval: 200,
        })
        .toEqual(wanted.slots);
    // Without `within` the build's end is the time to have them: a read may take its time, a second look is not had.
    else if (wanted.slots !== undefined) expect(await rolesNow(), `slots of ${name}`).toEqual(wanted.slots);
    const view = await environmentOf(system, build.projectId, name);
    for (const [path, value] of Object.entries(wanted.container ?? {}))
      expect.soft(valueAt(await inspectLive(view), path), `${path} of ${name}`).toEqual(value);
  }
  for (const { host, path, text, status } of apps) {
    const answer = await system.ask(host, path);
    expect.soft(answer.status, `${host}${path}`).toBe(status);
    if (text !== undefined) expect.soft(answer.text.trim(), `${host}${path}`).toBe(text);
  }
}

export async function environmentOf(
  system: System,
  projectId: string,
  name: string,
): Promise<EnvironmentView> {
  const page = await system.api<Page<EnvironmentView>>('GET', `/environments?project=${projectId}`);
  const found = page.items.find((environment) => environment.name === name);
  if (found === undefined) throw new Error(`there is no environment ${name}`);
  return found;
}

async function inspectLive({ slots }: EnvironmentView): Promise<unknown> {
  const docker = new Dockerode({ socketPath: new URL(testParts().dockerHost).pathname });
  const live = slots.find(({ role }) => role === 'live')?.deploymentId;
  const label = [`${APP_LABELS.deployment}=${live ?? ''}`];
  const [found] = await docker.listContainers({ filters: { label } });
  return found === undefined ? null : docker.getContainer(found.Id).inspect();
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null)?.[key], value);
}

function places(problems: readonly LintProblemView[]): readonly string[] {
  return problems.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

function startOf(build: BuildView, name: string): number {
  return attemptOf(build, name)?.startedAtMs ?? Number.NaN;
}

function endOf(build: BuildView, name: string): number {
  return attemptOf(build, name)?.finishedAtMs ?? Number.NaN;
}

/** What became of a build, in a few lines, for the message of a failed test. */
export function explain(build: BuildView): string {
  const lines = rowsOf(build).map(({ name, status, reason }) => `${name}: ${status} ${reason ?? ''}`);
  const problems = build.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  const deployments = build.deployments.map(
    ({ environment, status, reason }) => `to ${environment}: ${status} ${reason ?? ''}`,
  );
  const head = `#${build.number} ${build.event} ${build.refName}: ${build.status} ${build.reason ?? ''}`;
  return [head, ...problems, ...lines, ...deployments].join('\n  ');
}

/** Puts in what is known only now. */
function fillIn({ system, build }: Seen, expected: Expected): Expected {
  const known: Record<string, string> = {
    '<commit>': build.commit,
    '<short>': build.commit.slice(0, 8),
    '<digest>': build.pushed?.digest ?? '<digest>',
    '<number>': String(build.number),
    '<registry>': system.registry.host,
    '<url>': system.url,
  };
  const text = JSON.stringify(expected).replace(/<\w+>/g, (word) => known[word] ?? word);
  return JSON.parse(text) as Expected;
}
