import { describe, expect, test } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { EVENTS, fork, lint, planOf } from './support.ts';

const step = (when: string, event: RepositoryEvent, changedFiles: readonly string[] | null = null) => {
  const [only] = planOf(`steps: { a: { commands: x, when: ${when} } }`, event, { changedFiles }).steps;
  return only?.selected === true ? only.runsOn.join('+') : 'skipped';
};

const ALL = Object.values(EVENTS);
const kinds = (when: string) =>
  ALL.filter((event) => step(when, event) !== 'skipped').map(({ kind }) => kind);

describe('when, on a step', () => {
  test('needs one condition, and of that all parts', () => {
    expect(kinds('[{ event: tag }, { event: push, branch: main }]')).toEqual(['push', 'tag']);
    expect(kinds('{ event: [pull_request, manual] }')).toEqual(['manual', 'pull_request']);
  });

  test('looks at the target branch of a pull request, and at no branch for a tag, as Woodpecker does', () => {
    expect(kinds('{ branch: main }')).toEqual(['push', 'tag', 'manual', 'cron', 'pull_request']);
    expect(step('{ branch: main }', EVENTS.feature)).toBe('skipped');
  });

  test('takes branches as text, list, pattern, or include and exclude', () => {
    const branch = (filter: string, name: string) =>
      step(`{ branch: ${filter} }`, { ...EVENTS.push, branch: name }) !== 'skipped';
    expect(branch('[main, develop]', 'develop')).toBe(true);
    expect(branch('release/*', 'release/1.2')).toBe(true);
    expect(branch('release/*', 'release/1/2')).toBe(false);
    const both = '{ include: [main, "release/*"], exclude: [release/1.0.0, "release/1.1.*"] }';
    expect(
      ['main', 'release/1.2', 'release/1.0.0', 'release/1.1.9', 'x'].map((name) => branch(both, name)),
    ).toEqual([true, true, false, false, false]);
    expect(branch('{ exclude: main }', 'x')).toBe(true);
  });

  test('matches tags and refs', () => {
    expect(kinds('{ tag: "v*" }')).toEqual(['tag']);
    expect(kinds('{ tag: { exclude: "v1*" } }')).toEqual([]);
    expect(kinds('{ ref: "refs/tags/v*" }')).toEqual(['tag']);
    expect(kinds('{ ref: refs/pull/12/head }')).toEqual(['pull_request']);
  });

  test('matches paths of pushes and pull requests; what is not known, matches', () => {
    const files = (when: string, changed: readonly string[] | null) =>
      step(when, EVENTS.push, changed) !== 'skipped';
    expect(files('{ path: "src/**" }', ['docs/a.md', 'src/a/b.ts'])).toBe(true);
    expect(files('{ path: "src/**" }', ['docs/a.md'])).toBe(false);
    expect(files('{ path: { exclude: ["*.md", "docs/**"] } }', ['README.md', 'docs/a'])).toBe(false);
    expect(files('{ path: { exclude: ["*.md"] } }', ['README.md', 'src/a'])).toBe(true);
    expect(files('{ path: x }', null)).toBe(true);
    expect(files('{ path: x }', [])).toBe(true);
    expect(step('{ path: x }', EVENTS.tag, ['y'])).toBe('success');
  });

  test('runs on the outcomes that the conditions that hold name together', () => {
    expect(step('{ status: failure }', EVENTS.push)).toBe('failure');
    expect(step('{ status: [failure, success] }', EVENTS.push)).toBe('success+failure');
    const both = '[{ event: tag, status: failure }, { branch: main }]';
    expect([EVENTS.tag, EVENTS.push, EVENTS.feature].map((event) => step(both, event))).toEqual([
      'success+failure',
      'success',
      'skipped',
    ]);
  });

  test('has parts of Woodpecker that are not there yet, and says so', () => {
    const at = (when: string) => lint(`steps: { a: { commands: x, when: ${when} } }`);
    for (const key of ['repo', 'platform', 'instance'])
      expect(at(`{ ${key}: x }`)).toEqual(['1:36 key_not_yet']);
    for (const event of ['release', 'deployment', 'pull_request_closed'])
      expect(at(`{ event: ${event} }`)).toEqual(['1:43 value_not_yet']);
    expect(at('{ path: { include: x, on_empty: false } }')).toEqual(['1:56 key_not_yet']);
    expect(at('{ branch: [] }')).toEqual(['1:44 list_empty']);
  });
});

const stages = (text: string, event: RepositoryEvent) => {
  const { push, deploys } = planOf(text, event);
  return { pushes: push?.tags ?? null, deploys: deploys.map(({ environment }) => environment) };
};
const DEPLOY = 'environment: live, port: 80, host: a.example.com';

describe('when, on push and deploy', () => {
  test('never publishes a pull request or a tag just because a branch matched', () => {
    const text = `push: { tags: "t\${CI_COMMIT_SHA}", when: { branch: main } }\ndeploy: { ${DEPLOY}, when: { branch: main } }`;
    for (const event of [EVENTS.pull, EVENTS.tag, EVENTS.feature])
      expect(stages(text, event)).toEqual({ pushes: null, deploys: [] });
    for (const event of [EVENTS.push, EVENTS.manual])
      expect(stages(text, event)).toEqual({ pushes: [`t${EVENTS.push.commit}`], deploys: ['live'] });
  });

  test('publishes them where the file names them', () => {
    const pull = `push: { when: { event: pull_request } }\ndeploy: { ${DEPLOY}, when: { event: pull_request } }`;
    expect(stages(pull, EVENTS.pull)).toEqual({ pushes: [EVENTS.pull.commit], deploys: ['live'] });
    expect(stages(`deploy: { ${DEPLOY}, when: { tag: "v*" } }`, EVENTS.tag).deploys).toEqual(['live']);
    expect(stages(`deploy: { ${DEPLOY}, when: { ref: "refs/tags/*" } }`, EVENTS.tag).deploys).toEqual([
      'live',
    ]);
  });

  test('publishes nothing of a fork, whatever the file says', () => {
    const text = `push: { when: { event: pull_request } }\ndeploy: { ${DEPLOY}, when: { event: pull_request } }`;
    expect(stages(text, fork)).toEqual({ pushes: null, deploys: [] });
  });

  test('deploys only the default branch where the file says nothing', () => {
    const deployed = ALL.filter((event) => stages(`deploy: { ${DEPLOY} }`, event).deploys.length > 0);
    expect(deployed).toEqual([EVENTS.push, EVENTS.manual]);
    const odd = planOf(
      `deploy: { ${DEPLOY} }`,
      { ...EVENTS.push, branch: 'x[1]*' },
      {
        project: { path: 'a/b', cloneUrl: '', webUrl: null, defaultBranch: 'x[1]*' },
      },
    );
    expect(odd.deploys).toHaveLength(1);
  });

  test('has no status: nothing is published after a failure', () => {
    expect(lint('push: { when: { status: failure } }')).toEqual(['1:17 key_not_yet']);
  });
});
