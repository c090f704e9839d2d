import type { OurEvent } from '../events.ts';
import type { Start } from './start.ts';

/** What values of the contexts are called here. */
export const CONTEXT: Readonly<Record<string, string>> = {
  'github.sha': 'CI_COMMIT_SHA',
  'github.ref': 'CI_COMMIT_REF',
  'github.ref_name': 'CI_COMMIT_BRANCH',
  'github.head_ref': 'CI_COMMIT_SOURCE_BRANCH',
  'github.base_ref': 'CI_COMMIT_TARGET_BRANCH',
  'github.repository': 'CI_REPO',
  'github.repository_owner': 'CI_REPO_OWNER',
  'github.actor': 'CI_PIPELINE_AUTHOR',
  'github.triggering_actor': 'CI_PIPELINE_AUTHOR',
  'github.event_name': 'CI_PIPELINE_EVENT',
  'github.run_number': 'CI_PIPELINE_NUMBER',
  'github.run_id': 'CI_PIPELINE_NUMBER',
  'github.workspace': 'CI_WORKSPACE',
  'github.server_url': 'CI_FORGE_URL',
  'github.event.pull_request.number': 'CI_COMMIT_PULL_REQUEST',
  'github.event.number': 'CI_COMMIT_PULL_REQUEST',
  'github.event.repository.default_branch': 'CI_REPO_DEFAULT_BRANCH',
  'github.event.repository.name': 'CI_REPO_NAME',
  'github.event.pull_request.head.sha': 'CI_COMMIT_SHA',
  'github.event.pull_request.head.ref': 'CI_COMMIT_SOURCE_BRANCH',
  'github.event.head_commit.message': 'CI_COMMIT_MESSAGE',
};

/** Of where a step runs: containers of Linux. */
export const OF_RUNNER: Readonly<Record<string, string>> = {
  'runner.os': 'Linux',
  'runner.arch': 'X64',
  'runner.temp': '/tmp',
};

/** A name of a matrix as a variable: `node-version` is `NODE_VERSION`. */
export function variableOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

/** The variable of `matrix.name`. */
export function matrixOf(token: string): string | undefined {
  const [, name] = /^matrix\.([\w-]+)$/.exec(token) ?? [];
  return name === undefined ? undefined : variableOf(name);
}

/** The input of `inputs.name`, also as `github.event.inputs.name`. */
export function inputOf(expression: string, { inputs }: Start) {
  const [, name] = /^(?:github\.event\.)?inputs\.([\w-]+)$/.exec(expression) ?? [];
  return name === undefined ? undefined : inputs.get(name);
}

/** Whether an input has a value here in builds in which nobody is asked, and it has none there. */
export function hasDefaultElsewhere(expression: string, start: Start): boolean {
  const { standard = '' } = inputOf(expression, start) ?? {};
  return standard !== '' && start.events.some((event) => event !== 'manual');
}

/** `github.event_name`, by what the event is called here. */
export const EVENT_NAMES: Readonly<Record<OurEvent, string>> = {
  push: 'push',
  tag: 'push',
  pull_request: 'pull_request',
  manual: 'workflow_dispatch',
  cron: 'schedule',
};

/** Numbers of builds, which are others here. */
export const BEGINS_ANEW: ReadonlySet<string> = new Set(['github.run_number', 'github.run_id']);
