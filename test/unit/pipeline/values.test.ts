import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';

const { commit } = EVENTS.push;
const FILE = `
image: { args: { VERSION: "\${CI_COMMIT_TAG:-\${CI_COMMIT_SHA:0:8}}" } }
services: { db: { image: "postgres:15", environment: { NAME: "db-\${CI_PIPELINE_NUMBER}" } } }
steps:
  test:
    commands: ["echo \${CI_COMMIT_SHA}", "echo db $$"]
    environment:
      WHERE: "\${CI_COMMIT_BRANCH//\\\\//-}"
      MONEY: "$$5 for \${CI_COMMIT_AUTHOR^^}"
      TOKEN: { from_secret: token }
      NONE: "\${CI_COMMIT_PULL_REQUEST}"
deploy:
  environment: live
  port: 80
  host: a.example.com
  when: { event: [push, tag] }
  env: { RELEASE: "\${CI_COMMIT_SHA}" }
`;

test('variables are replaced in arguments and environments, never in commands or secrets', () => {
  const { image, services, steps, deploys } = planOf(FILE, EVENTS.push);
  expect(image?.args).toEqual({ VERSION: commit.slice(0, 8) });
  expect(services[0]?.environment).toEqual({ NAME: 'db-4' });
  expect(steps[0]?.commands).toEqual(['echo ${CI_COMMIT_SHA}', 'echo db $$']);
  expect(steps[0]?.environment).toEqual({
    WHERE: 'main',
    MONEY: '$5 for ADA',
    TOKEN: { fromSecret: 'token' },
    NONE: '',
  });
  expect(deploys[0]?.env).toEqual({ RELEASE: commit });
  expect(planOf(FILE, EVENTS.feature).steps[0]?.environment).toMatchObject({ WHERE: 'feature-Cart_2' });
  expect(planOf(FILE, EVENTS.tag).image?.args).toEqual({ VERSION: 'v1.2.3' });
});

test('what an event brings is never read as a substitution again', () => {
  const message = '${CI_COMMIT_SHA} $(reboot) `x` $$';
  const text = 'steps: { a: { commands: x, environment: { M: "${CI_COMMIT_MESSAGE}" } } }';
  expect(planOf(text, { ...EVENTS.push, message }).steps[0]?.environment).toEqual({ M: message });
});

const inStep = (value: string, when = '') =>
  `steps: { a: { image: "a:1", commands: x, environment: { A: ${JSON.stringify(value)} }${when} } }`;

test('names that do not exist are errors, with the one that was meant', () => {
  const fixOf = (value: string) =>
    planPipeline(inputOf(inStep(value), EVENTS.push)).problems.map(({ code, fix }) => [code, fix]);
  expect(fixOf('${CI_COMIT_SHA}')).toEqual([['variable_unknown', 'Did you mean `CI_COMMIT_SHA`?']]);
  expect(fixOf('${CI_COMMIT_TAG:-${HOME}}')).toEqual([
    ['variable_unknown', expect.stringContaining('$${HOME} stands for the text itself')],
  ]);
  expect(fixOf('${CI_STEP_NAME}')).toEqual([
    ['variable_unknown', expect.stringContaining('Only steps have it')],
  ]);
  expect(lint(inStep('$${HOME} $HOME $$CI_REPO 5$'))).toEqual([]);
  expect(lint(inStep('$CI_REPO'))).toEqual([expect.stringMatching(/ variable_literal$/)]);
});

test('an image is one in every combination of the matrix in which its step may run', () => {
  const matrix = 'matrix: { A: [1, 2], include: [{ B: 1 }] }\n';
  const step = (when: string) => `${matrix}steps: { a: { image: "x:\${A}", commands: x${when} } }`;
  const problems = lintPipeline(step(''), 'slipway.yml');
  expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
    '2:22 `x:` is not an image (from `x:${A}`).',
  ]);
  expect(planPipeline(inputOf(step(''), EVENTS.push)).problems).toEqual(problems);
  expect(lint(`${matrix}services: { db: { image: "x:\${A:-}" } }\nimage: {}`)).toContain('2:26 image_wrong');
  expect(lint(step(', when: [{ matrix: { A: 1 } }, { matrix: { A: 2 }, event: push }]'))).toEqual([]);
  expect(lint(step(', when: [{ matrix: { A: 1 } }, { event: push }]'))).toEqual(['2:22 image_wrong']);
  expect(lint(`${matrix}steps: { a: { image: "x:\${A:-3}\${CI_COMMIT_TAG}", commands: x } }`)).toEqual([]);
});

test('a needed variable is a problem of the events that lack it, where the step runs', () => {
  const problemsOf = (when = '') =>
    planPipeline(inputOf(inStep('${CI_COMMIT_TAG:?tag it first}', when), EVENTS.push)).problems;
  expect(problemsOf().map(({ message }) => message)).toEqual(['A push has no CI_COMMIT_TAG: tag it first.']);
  expect(problemsOf(', when: { event: tag }')).toEqual([]);
  const { plan } = planPipeline(inputOf(inStep('${CI_COMMIT_TAG:?x}'), EVENTS.tag));
  expect(plan?.workflows[0]?.plan.steps[0]?.environment).toEqual({ A: 'v1.2.3' });
});

test('variables make no plan large, and none slow', () => {
  const message = 'a'.repeat(64 * 1024);
  const many = (value: string) =>
    `steps: { a: { image: "a:1", commands: x, environment: { ${Array.from({ length: 5_000 }, (_, i) => `V${i}: "${value}"`).join(', ')} } } }`;
  for (const value of ['${CI_COMMIT_MESSAGE}', '${CI_COMMIT_MESSAGE%%*b*c*d}', '${CI_COMMIT_MESSAGE:0:1}']) {
    const before = process.cpuUsage();
    const { plan, problems } = planPipeline(inputOf(many(value), { ...EVENTS.push, message }));
    const { user, system } = process.cpuUsage(before);
    expect(plan).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(['too_complex']);
    expect((user + system) / 1_000).toBeLessThan(1_500);
  }
});
