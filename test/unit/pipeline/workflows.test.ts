import { describe, expect, test } from 'vitest';
import { PIPELINE_LIMITS } from '../../../src/core/plan-defaults.ts';
import { workflowLabel } from '../../../src/core/matrix-label.ts';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { lintPipeline, lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import type { PlanInput } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, workflowsOf } from './support.ts';

/** Files of `.slipway/` by the name of their workflow. */
function folder(texts: Readonly<Record<string, string>>, event: RepositoryEvent = EVENTS.push): PlanInput {
  const files = Object.entries(texts).map(([name, text]) => ({ path: `.slipway/${name}.yml`, text }));
  return inputOf(null, event, { files });
}

const problemsOf = (input: PlanInput) =>
  planPipeline(input).problems.map(({ file, line, column, code, message, fix }) => {
    expect(`${message} ${fix}`).not.toMatch(/(?<!\$)\{\w+\}|undefined/);
    return `${file}:${line}:${column} ${code}`;
  });

const step = 'steps: { a: { image: "node:20", commands: x } }\n';

describe('the files of a folder', () => {
  test('are workflows named by their files, in the order of the names', () => {
    const workflows = workflowsOf(folder({ test: step, build: step, 'a b': step }));
    expect(workflows.map(({ name }) => name)).toEqual(['a b', 'build', 'test']);
    expect(workflows.map(({ dependsOn }) => dependsOn)).toEqual([[], [], []]);
  });

  test('a file at the root is the workflow "default"', () => {
    expect(workflowsOf(inputOf(step, EVENTS.push)).map(({ name }) => name)).toEqual(['default']);
  });

  test('wait for each other by name; by default only for success', () => {
    const workflows = workflowsOf(
      folder({ a: step, b: `${step}depends_on: a`, c: `${step}depends_on: [a, b]\nruns_on: [failure]` }),
    );
    expect(workflows.map(({ dependsOn, runsOn }) => ({ dependsOn, runsOn }))).toEqual([
      { dependsOn: [], runsOn: ['success'] },
      { dependsOn: ['a'], runsOn: ['success'] },
      { dependsOn: ['a', 'b'], runsOn: ['failure'] },
    ]);
  });

  test('one whose conditions do not hold is left out, and who waits for it waits for what it would have', () => {
    const texts = {
      a: step,
      b: `${step}depends_on: a\nwhen: { event: tag }`,
      c: `${step}depends_on: b`,
    };
    const names = (event: RepositoryEvent) =>
      workflowsOf(folder(texts, event)).map(({ name, dependsOn }) => `${name} after ${dependsOn.join()}`);
    expect(names(EVENTS.push)).toEqual(['a after ', 'c after a']);
    expect(names(EVENTS.tag)).toEqual(['a after ', 'b after a', 'c after b']);
  });

  test('an optional one that is left out or missing is waited for by nothing in its place', () => {
    const texts = {
      a: step,
      b: `${step}depends_on: a\nwhen: { event: tag }`,
      c: `${step}depends_on: [{ name: b, optional: true }, { name: gone, optional: true }]`,
    };
    const names = (event: RepositoryEvent) =>
      workflowsOf(folder(texts, event)).map(({ name, dependsOn }) => `${name} after ${dependsOn.join()}`);
    expect(names(EVENTS.push)).toEqual(['a after ', 'c after ']);
    expect(names(EVENTS.tag)).toEqual(['a after ', 'b after a', 'c after b']);
    const misspelt = folder({ test: step, b: `${step}depends_on: [{ name: tset, optional: true }]` });
    expect(planPipeline(misspelt).warnings.map(({ code, fix }) => `${code} ${fix}`)).toEqual([
      'dependency_absent Did you mean `test`? `optional: true` lets it be missing.',
    ]);
  });

  test('without one that has to be there a workflow is left out, and so is what needs that', () => {
    const texts = {
      a: `${step}when: { event: tag }`,
      b: `${step}depends_on: [{ name: a, optional: false }]`,
      c: `${step}depends_on: [{ name: b, optional: false }]\nruns_on: [success, failure]`,
      d: `${step}depends_on: [c, { name: b, optional: true }]`,
    };
    const names = (event: RepositoryEvent) => workflowsOf(folder(texts, event)).map(({ name }) => name);
    expect(names(EVENTS.push)).toEqual(['d']);
    expect(names(EVENTS.tag)).toEqual(['a', 'b', 'c', 'd']);
    expect(problemsOf(folder({ a: `${step}depends_on: [{ name: gone, optional: false }]` }))).toEqual([
      '.slipway/a.yml:2:22 workflow_unknown',
    ]);
  });

  test('one that runs after failures only is left out where nothing is left that could fail', () => {
    const texts = {
      deploy: `${step}when: { event: tag }`,
      alert: `${step}depends_on: deploy\nruns_on: failure`,
      after: `${step}depends_on: alert\nruns_on: [failure]`,
      always: `${step}depends_on: deploy\nruns_on: [success, failure]`,
    };
    const names = (event: RepositoryEvent) => workflowsOf(folder(texts, event)).map(({ name }) => name);
    expect(names(EVENTS.push)).toEqual(['always']);
    expect(names(EVENTS.tag)).toEqual(['after', 'alert', 'always', 'deploy']);
  });

  test('a condition on branch or path holds for the whole file', () => {
    const when = 'when: [{ branch: main, path: "docs/**" }]';
    const planned = (changedFiles: readonly string[]) =>
      workflowsOf({ ...folder({ a: `${step}${when}` }), changedFiles }).length;
    expect([planned(['docs/a.md']), planned(['src/a.ts'])]).toEqual([1, 0]);
  });

  test('name each other rightly, or lint says where not', () => {
    expect(problemsOf(folder({ test: step, build: `${step}depends_on: tset` }))).toEqual([
      '.slipway/build.yml:2:13 workflow_unknown',
    ]);
    expect(problemsOf(folder({ a: `${step}depends_on: b`, b: `${step}depends_on: a` }))).toEqual([
      '.slipway/b.yml:2:13 workflow_cycle',
    ]);
    expect(problemsOf(folder({ a: `${step}depends_on: a` }))).toEqual(['.slipway/a.yml:2:13 workflow_cycle']);
    const twice = ['a.yml', 'a.yaml'].map((name) => ({ path: `.slipway/${name}`, text: step }));
    expect(problemsOf(inputOf(null, EVENTS.push, { files: twice }))).toEqual([
      '.slipway/a.yml:1:1 workflow_duplicate',
    ]);
  });

  test('every problem of every file is found at once', () => {
    expect(problemsOf(folder({ a: 'stepps: []', b: `${step}depends_on: c` }))).toEqual([
      '.slipway/a.yml:1:1 key_unknown',
      '.slipway/b.yml:2:13 workflow_unknown',
    ]);
  });

  test('no two of them deploy to one environment, or set one tag', () => {
    const deploy = 'image: {}\ndeploy: { environment: prod, port: 80, host: a.example.com }';
    expect(problemsOf(folder({ a: deploy, b: deploy }))).toEqual(['.slipway/b.yml:2:24 environment_twice']);
    const push = 'image: {}\npush: { tags: "${CI_COMMIT_SHA}" }';
    expect(problemsOf(folder({ a: push, b: push }))).toEqual(['.slipway/b.yml:2:15 tag_twice']);
    expect(problemsOf(folder({ a: push, b: push.replace('tags', 'repository: shop/b, tags') }))).toEqual([]);
    expect(problemsOf(folder({ a: push, b: `${push}\nwhen: { event: tag }` }))).toEqual([]);
  });

  test('are linted with each other, and one of them alone without', () => {
    const files = [{ path: '.slipway/a.yml', text: `${step}depends_on: b` }];
    expect(lintWorkflows(files, { hasDockerfile: true }).map(({ code }) => code)).toEqual([
      'workflow_unknown',
    ]);
    expect(lintPipeline(`${step}depends_on: b`, '.slipway/a.yml')).toEqual([]);
    expect(lintPipeline(`${step}depends_on: b`, 'slipway.yml').map(({ fix }) => fix)).toEqual([
      'Only files of `.slipway/` depend on each other: remove it.',
    ]);
  });

  test('are not more than a build may have', () => {
    const texts = Object.fromEntries(
      Array.from({ length: PIPELINE_LIMITS.files + 1 }, (_, i) => [`w${i}`, step]),
    );
    expect(planPipeline(folder(texts)).problems.map(({ code }) => code)).toEqual(['too_complex']);
  });

  test('are together no longer than one may be, and have no more steps, attempts counted', () => {
    const long = `${step}# ${'x'.repeat(PIPELINE_LIMITS.bytes * 0.6)}\n`;
    expect(problemsOf(folder({ a: long, b: step, c: long }))).toEqual(['.slipway/c.yml:1:1 file_too_large']);
    const many = (count: number) =>
      `steps: {${Array.from({ length: count }, (_, i) => ` s${i}: { image: "a:1", commands: x, retry: 10 }`).join(',')} }\n`;
    expect(problemsOf(folder({ a: many(1_000) }))).toEqual([]);
    expect(problemsOf(folder({ a: many(1_000), b: many(1_000) }))).toEqual([
      '.slipway/b.yml:1:1 too_complex',
    ]);
  });
});

describe('a matrix', () => {
  const of = (matrix: string, rest = step) => inputOf(`matrix: ${matrix}\n${rest}`, EVENTS.push);
  const labels = (matrix: string) => workflowsOf(of(matrix)).map((one) => workflowLabel(one));

  test('is every value of each variable with every value of the others, the last fastest', () => {
    expect(labels('{ NODE: [20, "22.0"], DB: [pg, my sql] }')).toEqual([
      'default (NODE=20, DB=pg)',
      'default (NODE=20, DB=my sql)',
      'default (NODE=22.0, DB=pg)',
      'default (NODE=22.0, DB=my sql)',
    ]);
  });

  test('leaves out what `exclude` names, adds what `include` has, and has each combination once', () => {
    const matrix =
      '{ A: [1, 2], B: [x, y], exclude: [{ A: 2, B: y }, { A: 1, B: x }], include: [{ A: 3 }, { B: y, A: 1 }] }';
    expect(labels(matrix)).toEqual(['default (A=1, B=y)', 'default (A=2, B=x)', 'default (A=3)'].sort());
  });

  test('may be made of `include` alone', () => {
    expect(labels('{ include: [{ GO: 1.5, OS: linux }, { GO: 1.6 }] }')).toEqual([
      'default (GO=1.5, OS=linux)',
      'default (GO=1.6)',
    ]);
  });

  test('its values are in the values of the file, and in the environment of steps and services', () => {
    const rest = [
      'image: { args: { BASE: "node:${NODE%%.*}" } }',
      'services: { db: { image: "postgres:${PG}" } }',
      'steps: { a: { image: "node:${NODE}", commands: x, environment: { PG: own, B: "${NODE}-${PG}" } }, b: { commands: db } }',
      'push: { tags: ["${CI_COMMIT_SHA}-${NODE}"] }',
    ].join('\n');
    const [only] = workflowsOf(of('{ NODE: [20.1], PG: [15] }', rest));
    expect(only?.plan.image?.args).toEqual({ BASE: 'node:20' });
    expect(only?.plan.services[0]).toMatchObject({
      image: 'postgres:15',
      environment: { NODE: '20.1', PG: '15' },
    });
    expect(only?.plan.steps[0]).toMatchObject({
      image: 'node:20.1',
      environment: { NODE: '20.1', PG: 'own', B: '20.1-15' },
    });
    expect(only?.plan.push?.tags).toEqual([`${EVENTS.push.commit}-20.1`]);
  });

  test('a step runs for the combinations that its condition names', () => {
    const rest = 'steps: { a: { image: "node:20", commands: x, when: { matrix: { A: 1, B: x } } } }';
    const selected = workflowsOf(of('{ A: [1, 2], B: [x] }', rest)).map(
      ({ plan }) => plan.steps[0]?.selected,
    );
    expect(selected).toEqual([true, false]);
  });

  test('a variable that no combination has is unknown; one that this combination lacks is empty', () => {
    expect(problemsOf(of('{ NODE: [20] }', 'steps: { a: { image: "node:${NOD}", commands: x } }'))).toEqual([
      'slipway.yml:2:22 variable_unknown',
    ]);
    const rest = 'steps: { a: { image: "node:20", commands: x, environment: { V: "${B:-none}" } } }';
    const values = workflowsOf(of('{ include: [{ A: 1 }, { B: 2 }] }', rest)).map(
      ({ plan }) => plan.steps[0]?.environment['V'],
    );
    expect(values).toEqual(['none', '2']);
  });

  test('what makes no image is a problem at the image', () => {
    const { problems } = planPipeline(
      of('{ TAG: ["a b"] }', 'steps: { a: { image: "node:${TAG}", commands: x } }'),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      '`node:a b` is not an image (from `node:${TAG}`).',
    ]);
  });

  test('combinations that would set the same tag, or deploy, are told', () => {
    const push = 'image: {}\npush: { tags: "${CI_COMMIT_SHA}" }';
    expect(problemsOf(of('{ A: [1, 2] }', push))).toEqual(['slipway.yml:3:15 tag_twice']);
    const deploy =
      'image: {}\npush: { tags: "${CI_COMMIT_SHA}-${A}" }\ndeploy: { environment: p, port: 80, host: a.example.com }';
    expect(problemsOf(of('{ A: [1, 2] }', deploy))).toEqual(['slipway.yml:4:24 environment_twice']);
  });

  test('of more combinations than a build may have is refused, however they are written, and quickly', () => {
    const axis = (count: number) => `[${Array.from({ length: count }, (_, i) => i).join()}]`;
    for (const matrix of [`{ A: ${axis(257)} }`, `{ A: ${axis(300)}, B: ${axis(300)}, C: ${axis(300)} }`])
      expect(problemsOf(of(matrix))).toEqual(['slipway.yml:1:11 too_complex']);
    expect(workflowsOf(of(`{ A: ${axis(16)}, B: ${axis(16)} }`))).toHaveLength(256);
    const excluded = Array.from({ length: 200 }, () => '{ A: 0 }').join();
    expect(problemsOf(of(`{ A: ${axis(64)}, B: ${axis(64)}, exclude: [${excluded}] }`))).toEqual([
      'slipway.yml:1:11 too_complex',
    ]);
  });

  test('the same depends_on covers all combinations of a matrix', () => {
    const workflows = workflowsOf(folder({ a: `matrix: { A: [1, 2] }\n${step}`, b: `${step}depends_on: a` }));
    expect(workflows.map((one) => [workflowLabel(one), one.dependsOn])).toEqual([
      ['a (A=1)', []],
      ['a (A=2)', []],
      ['b', ['a']],
    ]);
  });

  test.each([
    ['{ A: 1 }', 'type_wrong'],
    ['{ A: [] }', 'list_empty'],
    ['{ A: [{ B: 1 }] }', 'type_wrong'],
    ['{ include: [1] }', 'type_wrong'],
    ['{ include: { A: 1 } }', 'type_wrong'],
    ['{ CI_A: [1] }', 'variable_reserved'],
    ['{ "A-B": [1] }', 'value_wrong'],
    ['{ A: ["1\\n2"] }', 'value_wrong'],
  ])('%s is refused: %s', (matrix, code) => {
    expect(planPipeline(of(matrix)).problems.map((problem) => problem.code)).toContain(code);
  });
});
