import { describe, expect, test } from 'vitest';
import { lintFile, planFiles, readInputs, readSchedules } from '../../../src/convert/plan-files.ts';
import { EVENTS, inputOf } from '../pipeline/support.ts';

const DRONE = `kind: pipeline
type: docker
name: test
steps:
  - name: unit
    image: node:20
    commands: [npm test]
---
kind: pipeline
type: docker
name: tell
depends_on: [test]
trigger: { status: [failure], branch: [main] }
steps:
  - name: tell
    image: node:20
    commands: [echo $$HOME]
    privileged: true
`;

const planned = (path: string, text: string) =>
  planFiles({ ...inputOf(null, EVENTS.push), files: [{ path, text }] });

describe('files of others', () => {
  test('are run as they are, and what is left out is a warning at its line', () => {
    const { plan, warnings } = planned('.drone.yml', DRONE);
    expect(plan?.workflows.map(({ name, dependsOn, runsOn }) => ({ name, dependsOn, runsOn }))).toEqual([
      { name: 'tell', dependsOn: ['test'], runsOn: ['failure'] },
      { name: 'test', dependsOn: [], runsOn: ['success'] },
    ]);
    expect(plan?.workflows.map((one) => one.plan.image)).toEqual([null, null]);
    expect(plan?.workflows[0]?.plan.steps[0]?.commands).toEqual(['echo $HOME']);
    expect(warnings.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
      '.drone.yml:18 convert_left_out',
    ]);
  });

  test('have their problems where they stand in the file that is there', () => {
    const wrong =
      'steps:\n  - name: unit\n    image: "node:20 "\n    commands: [x]\n    depends_on: [tset]\n';
    const { problems } = planned('.woodpecker.yml', wrong);
    expect(problems.map(({ file, line, code }) => `${file}:${line} ${code}`)).toContain(
      '.woodpecker.yml:5 dependency_unknown',
    );
    expect(
      lintFile(wrong, '.woodpecker.yml', { hasDockerfile: false }).map(({ line, code }) => `${line} ${code}`),
    ).toContain('5 dependency_unknown');
  });

  test('that have errors ask for nothing and say nothing of the clock, which is other than to ask for none', () => {
    const read = (text: string) => {
      const files = [{ path: '.drone.yml', text }];
      const facts = { hasDockerfile: false };
      return [readInputs(files, facts), readSchedules(files, facts)];
    };
    expect(read('steps: [')).toEqual([null, null]);
    expect(read(DRONE)).toEqual([[], []]);
    expect(read('kind: secret\nname: x\n')).toEqual([[], []]);
  });

  test('that are no YAML are errors, and never the default pipeline', () => {
    expect(planned('.drone.yml', 'steps: [')).toMatchObject({
      plan: null,
      problems: [{ file: '.drone.yml' }],
    });
    const { plan } = planned('.drone.yml', 'kind: secret\nname: x\n');
    expect(plan?.workflows ?? []).toEqual([]);
  });

  test('ours are planned as ever', () => {
    const { plan } = planned('slipway.yml', 'steps: { a: { image: "node:20", commands: x } }');
    expect(plan?.workflows.map(({ name }) => name)).toEqual(['default']);
    expect(lintFile('stepps: []', 'slipway.yml', { hasDockerfile: true }).map(({ code }) => code)).toEqual([
      'key_unknown',
    ]);
  });
});

test('workflows of Woodpecker are waited for by the names of their files, whatever these are made of', () => {
  const steps = (name: string) => `steps: [{ name: ${name}, image: "busybox:1.36", commands: [x] }]\n`;
  const files = [
    { path: '.woodpecker/Build App.yml', text: steps('build') },
    { path: '.woodpecker/deploy.yml', text: `depends_on: "Build App"\n${steps('deploy')}` },
    { path: '.woodpecker/test.yaml', text: steps('one') },
    { path: '.woodpecker/Test.yml', text: steps('two') },
  ];
  const { plan, problems } = planFiles({ ...inputOf(null, EVENTS.push), files });
  expect(problems).toEqual([]);
  expect(
    plan?.workflows.map(({ name, dependsOn, plan: { steps } }) => [name, dependsOn, steps[0]?.name]),
  ).toEqual(
    expect.arrayContaining([
      ['build-app', [], 'build'],
      ['deploy', ['build-app'], 'deploy'],
      ['test', [], 'two'],
      ['test-2', [], 'one'],
    ]),
  );
});
