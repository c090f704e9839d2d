import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const IMAGE = 'default: { image: "busybox:1.36" }\nstages: [build, test, deploy]\n';
const NOTE =
  'convert_changed: `X` is not quite the same here: it waits for a person, and the step runs in builds made by "run now" alone, with all others that do.';

/** Name, conditions and failure of each step, as written. */
function stepsOf(text: string): Readonly<Record<string, string>> {
  expect(errorsOf('gitlab', text)).toEqual([]);
  return Object.fromEntries(
    textOf('gitlab', text)
      .split(/^ {2}- name: /m)
      .slice(1)
      .map((step) => [
        step.split('\n')[0] ?? '',
        [...step.matchAll(/^ {4}(?: {2}|when:|failure:).*$/gm)]
          .map(([line]) => line.trim())
          .filter((line) => !line.startsWith('- '))
          .join(' '),
      ]),
  );
}

it('a job that waits for a person runs in builds by hand alone, and its failure is no failure', () => {
  const text = `${IMAGE}prod: { stage: deploy, script: [x], when: manual }\n`;
  expect(stepsOf(text)).toEqual({ prod: 'when: event: manual failure: ignore' });
  expect(notesOf('gitlab', text)).toEqual([`3 ${NOTE.replace('X', 'prod.when')}`]);
});

it('what `only` asks for besides is kept, and a failure counts where the job says so', () => {
  const text = `${IMAGE}prod: { script: [x], only: [main], when: manual, allow_failure: false }\n`;
  expect(stepsOf(text)).toEqual({
    prod: `when: event: manual evaluate: ((CI_PIPELINE_EVENT != "pull_request" && CI_COMMIT_BRANCH == "main") || CI_COMMIT_TAG == "main")`,
  });
});

it('a rule that waits for a person holds in builds by hand alone, those after it as before', () => {
  const text = `${IMAGE}prod:
  script: [x]
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
      when: manual
    - when: on_success
`;
  const main = '(CI_PIPELINE_EVENT != "pull_request" && CI_COMMIT_BRANCH == "main")';
  expect(textOf('gitlab', text)).toContain(`    when:
      - event: manual
        evaluate: ${main}
      - evaluate: '!(${main})'
`);
  expect(notesOf('gitlab', text)).toEqual([`7 ${NOTE.replace('X', 'prod.rules[0].when')}`]);
});

it('a rule without `when` has that of its job', () => {
  const text = `${IMAGE}prod: { script: [x], when: manual, rules: [{ if: $CI_COMMIT_BRANCH }] }\n`;
  expect(textOf('gitlab', text)).toContain('      event: manual\n');
});

it('jobs that need one that waits for a person run by hand alone too, also through others', () => {
  const text = `${IMAGE}approve: { stage: build, script: [x], when: manual }
prod: { stage: deploy, script: [x], needs: [approve] }
after: { stage: deploy, script: [x], needs: [{ job: prod, optional: true }] }
test: { stage: test, script: [x] }
`;
  expect(stepsOf(text)).toEqual({
    approve: 'when: event: manual failure: ignore',
    test: 'when: event:',
    prod: 'when: event: manual',
    after: 'when: event: manual',
  });
  const notes = notesOf('gitlab', text);
  for (const name of ['prod', 'after'])
    expect(notes).toContainEqual(
      expect.stringContaining(
        `\`${name}\` is not quite the same here: it waits for \`approve\`, which a person starts, and runs in builds made by "run now" alone where that does.`,
      ),
    );
  expect(notes.filter((one) => one.includes('`test` is'))).toEqual([]);
});

it('later stages wait for one that a person has to start, where its rules hold', () => {
  const text = `${IMAGE}gate:
  stage: build
  script: [x]
  rules: [{ if: $CI_COMMIT_TAG, when: manual }, { when: on_success }]
prod: { stage: deploy, script: [x], rules: [{ if: $CI_COMMIT_MESSAGE }] }
`;
  const steps = stepsOf(text);
  expect(steps['prod']).toBe(
    `when: evaluate: (CI_COMMIT_MESSAGE != "") && (CI_PIPELINE_EVENT == "manual" || !(CI_COMMIT_TAG != ""))`,
  );
});

it('a gate of branches and tags holds up none that runs for a pull request', () => {
  const text = `${IMAGE}gate: { stage: build, script: [x], when: manual, allow_failure: false }
prod: { stage: deploy, script: [x], rules: [{ when: always }] }
`;
  expect(stepsOf(text)['prod']).toContain(
    'evaluate: CI_PIPELINE_EVENT == "manual" || !(CI_PIPELINE_EVENT != "pull_request")',
  );
});

it('a job that needs a gate without commands waits for a person all the same', () => {
  const text = `${IMAGE}gate: { stage: build, trigger: a/b, when: manual }
prod: { stage: deploy, script: [x], needs: [gate] }
`;
  expect(stepsOf(text)).toEqual({ prod: 'when: event: manual' });
});

it('what changed is not looked at in a build by hand, which is noted', () => {
  const text = `${IMAGE}prod:
  script: [x]
  rules:
    - changes: [a]
      when: manual
`;
  expect(notesOf('gitlab', text)).toContain(
    '6 convert_changed: `prod.rules[0].changes` is not quite the same here: a build made by "run now" changed no file, and runs the step in any case.',
  );
});

it('a time that a job waits for is noted, as the step runs at once', () => {
  const text = `${IMAGE}prod: { script: [x], rules: [{ when: delayed, start_in: 1 hour }] }\n`;
  expect(notesOf('gitlab', text)).toEqual([
    '3 convert_changed: `prod.rules[0].when` is not quite the same here: it waits for a time, and the step runs at once.',
    '3 convert_left_out: `prod.rules[0].start_in` is left out: no step waits for a time.',
  ]);
});

it('an environment of GitHub is noted with that nobody is asked, which its settings may do', () => {
  const text =
    'on: push\njobs:\n  one:\n    environment: production\n    container: "busybox:1.36"\n    runs-on: ubuntu-latest\n    steps: [{ run: x }]\n';
  expect(notesOf('github', text)).toEqual([
    '4 convert_left_out: `jobs.one.environment` is left out: nobody is asked before the job, where its settings ask there, and it is on no page of environments.',
  ]);
});
