import { expect, test } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { readGithubDelivery } from '../../../src/hosts/github/read-delivery.ts';
import { buildVariables } from '../../../src/intake/build-variables.ts';
import { UNSET_VARIABLES } from '../../../src/pipeline/variables/unset.ts';
import { variablesOf } from '../../../worker/steps/step-environment.ts';
import { makeRecord, runWorkflow } from '../../support/record.ts';
import { WOODPECKER_VARIABLES } from '../../support/woodpecker-variables.ts';
import { payloadOf } from '../hosts/examples.ts';

/** Seconds since 1970; the clock of the record is moved between the times that a build has. */
const BEGIN = 1_763_000_000;
const PAGES = 'https://ci.example.com/builds/';
const GITHUB = 'https://github.com/Codertocat/Hello-World';
const COMMIT = '6113728f27ae82c7b1a177c8d03f9e96e0adf246';
const HEAD = 'ec26c3e57ca3a959ca5aad62de7213c562f8c821';
const MAIL = '21031067+Codertocat@users.noreply.github.com';
const AVATAR = 'https://avatars1.githubusercontent.com/u/21031067?v=4';
const NONE = undefined;

/**
 * The environment of the first step of the second build of an event: from the payload over the record to the worker. The
 * first build of it came 100 s before, began 10 s later, and was green after 20 s more.
 */
async function environmentOf(
  event: RepositoryEvent,
): Promise<{ environment: Readonly<Record<string, string>>; ids: readonly string[] }> {
  const settings = { publicUrl: 'https://ci.example.com', version: '0.1.0' };
  const record = await makeRecord(undefined, undefined, buildVariables(settings));
  try {
    const [worker, project] = [await record.worker('ada'), await record.project('codertocat/hello-world')];
    const ids: string[] = [];
    const claim = async () => {
      const { buildId } = await record.build(project, { event });
      ids.push(buildId);
      record.clock.now += 10_000;
      return worker.claimWorkflow(await record.workflowOf(buildId));
    };
    record.clock.now = BEGIN * 1_000;
    const first = await claim();
    record.clock.now += 20_000;
    await runWorkflow(first);
    record.clock.now = (BEGIN + 100) * 1_000;
    const { work } = await claim();
    const row = work.steps.find(({ kind }) => kind === 'step');
    if (row === undefined) throw new Error('the work has no step');
    ids.push(row.attemptId);
    const now = { atMs: record.clock.now + 5_000, hasFailure: false };
    return { environment: variablesOf(work, row, now), ids };
  } finally {
    await record.close();
  }
}

function eventOf(name: string, index: number, changes: object = {}): RepositoryEvent {
  const meaning = readGithubDelivery(name, { ...payloadOf(name, index), ...changes });
  if (meaning.kind !== 'event') throw new Error(`${name} ${index} leads to no build`);
  return meaning.event;
}

/** A pull request that has a milestone, when something was pushed to it. */
const EVENTS = {
  branch: eventOf('push', 4),
  tag: eventOf('push', 0),
  pull: eventOf('pull_request', 8, { action: 'synchronize' }),
};

/** What a variable holds for the push of a branch, the push of a tag, and a pull request; one value: for all of them. */
type Each = readonly [branch: string | undefined, tag: string | undefined, pull: string | undefined];
type Expected = string | Each;
const forPull = (value: string): Each => [NONE, NONE, value];

/** Of the build, which was made at `BEGIN + 100` and is the second of its line. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  CI: 'slipway',
  CI_REPO: 'codertocat/hello-world',
  CI_REPO_OWNER: 'codertocat',
  CI_REPO_NAME: 'hello-world',
  CI_REPO_REMOTE_ID: '186853002',
  CI_REPO_URL: 'https://git.test/codertocat/hello-world',
  CI_REPO_CLONE_URL: 'https://git.test/codertocat/hello-world.git',
  CI_REPO_CLONE_SSH_URL: 'git@github.com:Codertocat/Hello-World.git',
  CI_REPO_DEFAULT_BRANCH: 'main',
  CI_REPO_PRIVATE: 'false',
  CI_REPO_TRUSTED_NETWORK: 'false',
  CI_REPO_TRUSTED_VOLUMES: 'false',
  CI_REPO_TRUSTED_SECURITY: 'false',

  CI_COMMIT_SHA: [COMMIT, COMMIT, HEAD],
  CI_COMMIT_REF: ['refs/heads/master', 'refs/tags/simple-tag', 'refs/pull/2/head'],
  CI_COMMIT_REFSPEC: forPull('changes:master'),
  CI_COMMIT_BRANCH: ['master', NONE, 'master'],
  CI_COMMIT_SOURCE_BRANCH: forPull('changes'),
  CI_COMMIT_TARGET_BRANCH: forPull('master'),
  CI_COMMIT_TAG: [NONE, 'simple-tag', NONE],
  CI_COMMIT_PULL_REQUEST: forPull('2'),
  CI_COMMIT_PULL_REQUEST_LABELS: forPull('bug'),
  CI_COMMIT_PULL_REQUEST_MILESTONE: forPull('v1.0'),
  CI_COMMIT_PULL_REQUEST_DRAFT: forPull('false'),
  // A pull request's delivery has neither message nor time of its commit: intake reads them in the repository.
  CI_COMMIT_MESSAGE: ['Initial commit', 'Adding a .gitignore file', ''],
  CI_COMMIT_TIMESTAMP: ['1557933565', '1557933641', NONE],
  CI_COMMIT_AUTHOR: 'Codertocat',
  CI_COMMIT_AUTHOR_EMAIL: [MAIL, MAIL, ''],

  CI_PIPELINE_NUMBER: '2',
  CI_PIPELINE_PARENT: '0',
  CI_PIPELINE_STATUS: 'success',
  CI_PIPELINE_EVENT: ['push', 'tag', 'pull_request'],
  CI_PIPELINE_URL: `${PAGES}<second>`,
  CI_PIPELINE_FORGE_URL: [`${GITHUB}/commit/${COMMIT}`, `${GITHUB}/commit/${COMMIT}`, `${GITHUB}/pull/2`],
  CI_PIPELINE_CREATED: String(BEGIN + 100),
  CI_PIPELINE_STARTED: String(BEGIN + 110),
  CI_PIPELINE_FILES: ['["README.md"]', NONE, '["README.md"]'],
  CI_PIPELINE_AUTHOR: 'Codertocat',
  CI_PIPELINE_AVATAR: AVATAR,
  // Not in a first run; of a second one test/unit/builds/workflow-variables.test.ts tells.
  CI_PIPELINE_RERUNS: [NONE, NONE, NONE],

  CI_WORKFLOW_NAME: 'default',
  CI_STEP_NAME: 'unit',
  CI_STEP_TYPE: 'commands',
  CI_STEP_NUMBER: '2',
  CI_STEP_STARTED: String(BEGIN + 115),
  CI_STEP_URL: `${PAGES}<second>?log=<attempt>`,
  CI_WORKSPACE: '/workspace',

  CI_PREV_COMMIT_SHA: [COMMIT, COMMIT, HEAD],
  CI_PREV_COMMIT_REF: ['refs/heads/master', 'refs/tags/simple-tag', 'refs/pull/2/head'],
  CI_PREV_COMMIT_REFSPEC: forPull('changes:master'),
  CI_PREV_COMMIT_BRANCH: ['master', NONE, 'master'],
  CI_PREV_COMMIT_SOURCE_BRANCH: forPull('changes'),
  CI_PREV_COMMIT_TARGET_BRANCH: forPull('master'),
  CI_PREV_COMMIT_URL: [`${GITHUB}/commit/${COMMIT}`, `${GITHUB}/commit/${COMMIT}`, `${GITHUB}/pull/2`],
  CI_PREV_COMMIT_MESSAGE: ['Initial commit', 'Adding a .gitignore file', ''],
  CI_PREV_COMMIT_TIMESTAMP: ['1557933565', '1557933641', NONE],
  CI_PREV_COMMIT_AUTHOR: 'Codertocat',
  CI_PREV_COMMIT_AUTHOR_EMAIL: [MAIL, MAIL, ''],
  CI_PREV_PIPELINE_NUMBER: '1',
  CI_PREV_PIPELINE_PARENT: '0',
  CI_PREV_PIPELINE_EVENT: ['push', 'tag', 'pull_request'],
  CI_PREV_PIPELINE_URL: `${PAGES}<first>`,
  CI_PREV_PIPELINE_FORGE_URL: [
    `${GITHUB}/commit/${COMMIT}`,
    `${GITHUB}/commit/${COMMIT}`,
    `${GITHUB}/pull/2`,
  ],
  CI_PREV_PIPELINE_STATUS: 'success',
  CI_PREV_PIPELINE_CREATED: String(BEGIN),
  CI_PREV_PIPELINE_STARTED: String(BEGIN + 10),
  CI_PREV_PIPELINE_FINISHED: String(BEGIN + 30),
  CI_PREV_PIPELINE_AUTHOR: 'Codertocat',
  CI_PREV_PIPELINE_AVATAR: AVATAR,

  CI_SYSTEM_NAME: 'slipway',
  CI_SYSTEM_URL: 'https://ci.example.com',
  CI_SYSTEM_HOST: 'ci.example.com',
  CI_SYSTEM_VERSION: '0.1.0',
  CI_FORGE_TYPE: 'github',
  CI_FORGE_URL: 'https://github.com',
};

test('every variable that Woodpecker documents has its value here, or a reason why it is not set', () => {
  const [produced, unset] = [Object.keys(EXPECTED), Object.keys(UNSET_VARIABLES)];
  expect([...produced, ...unset].sort()).toEqual([...WOODPECKER_VARIABLES].sort());
  for (const [name, reason] of Object.entries(UNSET_VARIABLES))
    expect(reason, name).toMatch(/^[A-Z].{30,}\.$/);
});

const kinds = Object.entries(EVENTS).map(([kind, event], index) => ({ kind, event, index }));

test.each(kinds)(
  'a step of a real $kind delivery has those values, and none beside',
  async ({ event, index }) => {
    const changed = event.kind === 'tag' ? event : { ...event, changedFiles: ['README.md'] };
    const { ids, environment } = await environmentOf(changed);
    const [first = '', second = '', attempt = ''] = ids;
    const fill = (text: string | undefined) =>
      text?.replace('<first>', first).replace('<second>', second).replace('<attempt>', attempt);
    const seen = Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, environment[name]]));
    const wanted = Object.entries(EXPECTED).map(([name, value]): [string, string | undefined] => [
      name,
      fill(typeof value === 'string' ? value : value[index]),
    ]);
    expect(seen).toEqual(Object.fromEntries(wanted));
    const beside = Object.keys(environment).filter((name) => name.startsWith('CI') && !(name in EXPECTED));
    expect(beside).toEqual(index === 1 ? [] : ['CI_COMMIT_BRANCH_SLUG']);
  },
);
