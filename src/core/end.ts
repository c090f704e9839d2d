import type { EndFix } from './end-fix.ts';
import { CATALOGUE, fill, type ProblemCode } from './problem.ts';
import type { EndStatus } from './status.ts';

/** One way in which work ends badly. `docs/errors.md` is held against this. */
export interface EndEntry {
  /** `failure` is the user's, `error` is ours. */
  readonly status: BadStatus;
  /** Why, as part of a sentence; `{name}` is replaced by the detail of that name, so that it names the value seen. */
  readonly reason: string;
  /** What to do about it. It has no details: who looks it up has the code alone. */
  readonly fix: string;
}

/** The part of the catalogue that is of work's ends. Its codes are part of the API, too: they are added, never renamed. */
export const ENDS = {
  // steps
  exit_code: {
    status: 'failure',
    reason: 'exit code {exit}',
    fix: 'Look at the last lines of its log. `slipway run --shell-on-failure` runs it on your machine and opens a shell where it failed.',
  },
  out_of_memory: {
    status: 'failure',
    reason: 'out of memory: a process was killed at the limit of {mebibytes} MiB',
    fix: 'Have it do less at a time, or name a worker with more memory by `labels`: a step may have half of its engine’s, at most 4 GiB.',
  },
  timed_out: {
    status: 'failure',
    reason: 'it ran longer than its timeout of {limit}',
    fix: 'Look at the end of its log for what it waited for. Where it only needs longer, write a longer `timeout` at the step, or under `image` where the image takes long.',
  },
  container_killed: {
    status: 'failure',
    reason: 'the step killed its container',
    fix: 'Have its commands end only processes that they have started: `kill -9 -1` and the like end the container that they run in.',
  },
  container_lost: {
    status: 'error',
    reason: 'container lost{when}',
    fix: 'Re-run what failed. If it comes back, look at the log of the engine, and at who else removes containers on its machine.',
  },
  worker_stood_still: {
    status: 'error',
    reason: 'container lost: the worker stood still for too long',
    fix: 'Re-run what failed. If it comes back, look whether the worker’s machine sleeps, is frozen, or has too much to do.',
  },
  network_lost: {
    status: 'error',
    reason: 'the container that held its network is gone',
    fix: 'Re-run what failed. If it comes back, look at the log of the engine, and at who else removes containers on its machine.',
  },
  engine_lost: {
    status: 'error',
    reason: 'engine connection lost',
    fix: 'Re-run what failed once the worker’s Docker engine is back: `docker info` on its machine, or the log of the engine, says how it is.',
  },
  container_not_started: {
    status: 'error',
    reason: 'the container could not be started: {cause}',
    fix: 'Correct what the engine names in the cause; then re-run what failed.',
  },
  step_not_prepared: {
    status: 'error',
    reason: 'the step could not be prepared: {cause}',
    fix: 'Re-run what failed. If it comes back, look at the cause and at the worker’s log.',
  },
  commands_too_long: {
    status: 'failure',
    reason: 'the commands are longer than {limit} bytes: put them into a script of the repository',
    fix: 'Put them into a script of the repository, and call that in `commands`.',
  },
  program_missing: {
    status: 'failure',
    reason: 'the image names no program to run: write `entrypoint` or `commands`',
    fix: 'Write `commands` or `entrypoint` at the step, or give the image an ENTRYPOINT or CMD.',
  },
  secret_missing: {
    status: 'failure',
    reason: 'the secret {names} is not set in this project',
    fix: 'Set it with `slipway secret set`, or correct the name where the file has it.',
  },
  image_unavailable: {
    status: 'failure',
    reason: 'the image {reference} cannot be had: {cause}',
    fix: 'Check the name and the tag. For a private one, give the server a login with `slipway registry login`; where the registry is only away, re-run what failed.',
  },
  image_vanished: {
    status: 'failure',
    reason: 'the image {reference} is not there after its pull',
    fix: 'Re-run what failed. If it comes back, look at what else removes images on the worker’s machine.',
  },
  // services
  service_not_started: {
    status: 'failure',
    reason: 'it could not be started: {cause}',
    fix: 'Correct what the engine names in the cause, at the service in the file or in its image.',
  },
  service_not_ready: {
    status: 'failure',
    reason: 'it was not ready within {seconds} s; its log says why',
    fix: 'Look at the log of the service. Correct `command` of its `ready`, or write a longer `timeout` there.',
  },
  service_ended_early: {
    status: 'failure',
    reason: 'it ended before it was ready ({exit})',
    fix: 'Look at the log of the service; often it lacks a variable of `environment`, or a file.',
  },
  service_ended: {
    status: 'failure',
    reason: 'it ended beside the steps ({exit})',
    fix: 'Look at the log of the service. The steps went on without it: what failed in them may come of that.',
  },
  // artifacts, caches, shares
  artifact_not_kept: {
    status: 'error',
    reason: 'the artifact {name} could not be kept: {cause}',
    fix: 'Correct what the cause names, such as the patterns in `artifacts`; else re-run what failed.',
  },
  artifact_not_there: {
    status: 'failure',
    reason: '{cause}',
    fix: 'Have the workflow that the cause names keep it (`artifacts`) whenever this one runs, or write `optional: true` where this one takes it.',
  },
  artifact_not_taken: {
    status: 'error',
    reason: 'the artifact {name} of {workflow} could not be taken: {cause}',
    fix: 'Re-run what failed. If it comes back, look at the cause, and at the network between worker and server.',
  },
  artifact_not_unpacked: {
    status: 'failure',
    reason: 'the artifact {name} of {workflow} could not be taken: {cause}',
    fix: 'Write another `path` where it is taken, or have the step before keep other files.',
  },
  artifacts_too_many: {
    status: 'failure',
    reason: 'it takes {count} artifacts, more than {most}',
    fix: 'Take fewer of them, or have one step put their files together.',
  },
  cache_not_restored: {
    status: 'error',
    reason: 'the cache {key} could not be restored: {cause}',
    fix: 'Re-run what failed. If it comes back, write another `key`, under which nothing is kept yet, or fewer `paths`.',
  },
  test_files_missing: {
    status: 'failure',
    reason: 'it has no test files: {cause}',
    fix: 'Correct `files` of its `split`: patterns of the files with its tests, seen from the folder that it runs in.',
  },
  test_files_unknown: {
    status: 'error',
    reason: 'it has no test files: {cause}',
    fix: 'Re-run what failed. If it comes back, look at the cause and at the worker’s log.',
  },
  // the image
  dockerfile_failed: {
    status: 'failure',
    reason: '{cause}',
    fix: 'Look at the last lines of the image’s log, where the output of the command is; `docker build` on your machine shows the same.',
  },
  image_build_broken: {
    status: 'error',
    reason: '{cause}',
    fix: 'Look at the engine of the worker, at its disk, and at the network to the registries that the Dockerfile names; then re-run what failed.',
  },
  image_taken_away: {
    status: 'error',
    reason: 'the engine removed the same image of an earlier build at this moment',
    fix: 'Re-run what failed.',
  },
  build_file_missing: {
    status: 'failure',
    reason: '{cause}',
    fix: 'Commit it, or correct `dockerfile` or `context` of `image`: names from the root of the repository on, which do not lead out of it.',
  },
  // push
  push_refused: {
    status: 'error',
    reason: '{cause}',
    fix: 'Check that the registry is up and has room, that its login may push (`slipway registry login`), and that the worker’s engine reaches it; then re-run what failed.',
  },
  tags_not_set: {
    status: 'error',
    reason: '{cause}',
    fix: 'Check that the registry is up and that its login may set these tags; then re-run what failed. The image is there by its digest.',
  },
  // deployments
  app_secret_missing: {
    status: 'failure',
    reason: 'the project has no secret named {names}',
    fix: 'Set it with `slipway secret set`, or correct the name in `env` of the deployment.',
  },
  app_not_startable: {
    status: 'failure',
    reason: '{cause}',
    fix: 'Give the image an ENTRYPOINT or CMD, or the deployment a `command`.',
  },
  app_ended_early: {
    status: 'failure',
    reason: 'the app ended with {end} before it was healthy',
    fix: 'Look at the last lines of the app, in the log of the deployment: often `env`, `command` or a volume is wrong. Where no memory was left, raise `memory` of `resources`.',
  },
  health_check_failed: {
    status: 'failure',
    reason: 'GET {path} did not pass {passes} times in a row within {seconds} s; last: {last}',
    fix: 'Look at the last lines of the app, in the log of the deployment. Check that `port` is the one it listens on, and that `path` of `health` answers 2xx or 3xx; where it only starts slowly, write a longer `timeout` there.',
  },
  smoke_test_failed: {
    status: 'failure',
    reason: 'the smoke test ended with exit code {exitCode}',
    fix: 'Look at the output of `smoke` and at the last lines of the app, both in the log of the deployment.',
  },
  smoke_test_timed_out: {
    status: 'failure',
    reason: 'the smoke test took longer than {seconds} s',
    fix: 'Look in the log of the deployment for what it waited for; where it only needs longer, write a longer `timeout` at `smoke`.',
  },
  app_ended: {
    status: 'failure',
    reason: 'the app ended with {end}',
    fix: 'Look at the last lines of the app, in the log of the deployment: it was healthy, and ended before the traffic came. Where no memory was left, raise `memory` of `resources`.',
  },
  deployment_overtaken: {
    status: 'error',
    reason: 'a newer deployment of this environment has begun',
    fix: 'Nothing: the newer one goes on. If it was not meant, look whether two servers have this router.',
  },
  switch_not_made: {
    status: 'error',
    reason: 'its deployer reported success without a switch',
    fix: 'Deploy again, and upgrade the worker of the router: its version does not fit the server’s.',
  },
  deployer_lost: {
    status: 'error',
    reason: 'deployer lost ({cause}), {times} times',
    fix: 'Look at the log of the worker of this router and at its machine, then deploy again. Live was not touched.',
  },
  // workers and server
  worker_lost: {
    status: 'error',
    reason: 'worker lost{cause}',
    fix: 'Re-run what failed. Look at the worker’s log and machine: it went away, or lost its network, for longer than its lease. A step that may run twice has `retry`.',
  },
  end_not_reported: {
    status: 'error',
    reason: 'its end was not reported',
    fix: 'Re-run what failed, and look at the worker’s log of that time.',
  },
  work_broken: {
    status: 'error',
    reason: '{cause}',
    fix: 'Look at the cause and at the worker’s log, then re-run what failed.',
  },
  // the plan
  pipeline_file_wrong: {
    status: 'failure',
    reason: 'the pipeline file has {errors}',
    fix: 'Correct each of them; `slipway lint` says on your machine, too, where they are.',
  },
  plan_failed: {
    status: 'error',
    reason: 'Slipway failed while it read the pipeline file',
    fix: 'Re-run the build. If it comes back, look at the server’s log and report it.',
  },
} as const satisfies Record<string, EndEntry>;

/** What names an end in the catalogue: a code of its own, or that of the problem that ended the work. */
export type EndCode = keyof typeof ENDS | ProblemCode;

export type BadStatus = Extract<EndStatus, 'failure' | 'error'>;

/** A bad end as the catalogue has it. */
export interface BadEnd {
  readonly status: BadStatus;
  readonly reason: string;
  readonly code: EndCode;
}

type Details = Readonly<Record<string, string | number>>;

/** The end of that code, with the details in its reason. Pure. */
export function badEnd(code: keyof typeof ENDS, details: Details = {}): BadEnd {
  const { status, reason } = ENDS[code];
  return { status, reason: fill(reason, details), code };
}

const ALL: Readonly<Record<string, { readonly fix: string }>> = { ...CATALOGUE, ...ENDS };

/** Of an end as it was recorded, for the API. Pure. */
export function codeAndFix({ code }: { readonly code: string | null }): Required<EndFix> {
  return { code, fix: fixOfEnd(code) };
}

/**
 * What to do about an end. Null for none: work that ended well, a code that a newer version has recorded, and a problem
 * whose fix has details, which is told with its reason. Pure.
 */
export function fixOfEnd(code: string | null): string | null {
  const fix = code !== null && Object.hasOwn(ALL, code) ? ALL[code]?.fix : undefined;
  return fix === undefined || /\{\w+\}/.test(fix) ? null : fix;
}
