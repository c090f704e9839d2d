import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { errorsOf, notesOf, textOf } from './support.ts';

const fileOf = (script: readonly string[], rest = ''): string =>
  `one: { image: "debian:12", script: ${JSON.stringify(script)}${rest} }\n`;

const stepsOf = (file: string): readonly { readonly name: string; readonly commands: readonly string[] }[] =>
  (parse(textOf('gitlab', file)) as { steps: { name: string; commands: string[] }[] }).steps;

/** What the step of a script does, by a shell that knows no more than POSIX asks for. */
function run(
  script: readonly string[],
  rest = '',
): { readonly status: number | null; readonly output: string } {
  const commands = stepsOf(fileOf(script, rest))[0]?.commands.join('\n') ?? '';
  const { status, stdout } = spawnSync('sh', ['-e', '-c', commands], { input: 'given\n' });
  return { status, output: stdout.toString() };
}

it('a script ends where a command before a pipe fails, as there', () => {
  expect(run(['echo first', 'false | cat', 'echo last'])).toEqual({ status: 1, output: 'first\n' });
  expect(run(['echo first', '(exit 3) | cat', 'echo last'])).toEqual({ status: 3, output: 'first\n' });
  expect(run(['cat', 'true | cat; echo "$(echo a | cat)"'])).toEqual({ status: 0, output: 'given\na\n' });
});

it('what only bash knows is run by bash, as one script', () => {
  expect(run(['all=(a b)', '[[ ${all[1]} == b* ]] && echo ${all[0]}', 'cd /', 'pwd'])).toEqual({
    status: 0,
    output: 'a\n/\n',
  });
  expect(run(['echo "a\\tb"'])).toEqual({ status: 0, output: 'a\\tb\n' });
});

const AFTER = ', after_script: ["pwd", "echo a$A $CI_JOB_STATUS", "false | true", "echo never"]';

it('an `after_script` runs in the step of its job, however that ended, and changes nothing of its end', () => {
  const here = process.cwd();
  expect(run(['export A=1', 'cd /', 'echo main', 'exit 3', 'echo never'], AFTER)).toEqual({
    status: 3,
    output: `main\n${here}\na failed\n`,
  });
  expect(run(['trap "echo end" EXIT', 'true | true'], AFTER)).toEqual({
    status: 0,
    output: `end\n${here}\na success\n`,
  });
  expect(notesOf('gitlab', fileOf(['make'], AFTER))).toEqual([]);
});

it('it does not run where its job does not', () => {
  const file = `stages: [one, two]
default: { image: "a:1" }
first: { stage: one, script: [x], after_script: [y] }
last: { stage: two, script: [z] }
`;
  expect(stepsOf(file).map(({ name }) => name)).toEqual(['first', 'last']);
});

it.each([
  ['npm ci', 'npm test || exit 1'],
  ['echo "$TOKEN" | docker login --password-stdin', 'echo "${A:-b}"'],
  ["grep -E 'a|b' c", 'jq ".a|.b" c'],
  ['case $A in b) c ;; esac'],
])('a script that every shell runs alike stays as it is: %s', (...script) => {
  expect(stepsOf(fileOf(script))[0]?.commands).toEqual(script);
});

it('where an image has no bash, it is run by `sh`, which ends at a pipe where it can', () => {
  const [step] = stepsOf(fileOf(['a | b', 'END_OF_SCRIPT']));
  expect(step?.commands).toEqual([
    `$(command -v bash || echo sh) -e /dev/fd/3 3<<'END_OF_SCRIPT_'
if set -o | grep -q pipefail; then set -o pipefail; fi
a | b
END_OF_SCRIPT
END_OF_SCRIPT_`,
  ]);
  expect(errorsOf('gitlab', fileOf(['a | b']))).toEqual([]);
  expect(notesOf('gitlab', fileOf(['a | b']))).toEqual([]);
});

it.each(['[ "$CI" = "true" ] && x', 'make CI=${CI}'])(
  '`CI` has another value here, which is noted: %s',
  (script) => {
    expect(notesOf('gitlab', fileOf([script, script]))).toEqual([
      expect.stringContaining('`CI` is `slipway` here, and not `true`'),
    ]);
    expect(notesOf('gitlab', fileOf(['[ -n "$CI" ]', 'test -z ${CI} || x']))).toEqual([]);
  },
);

it('a name that is given to a program as an argument is not set by that', () => {
  const script =
    'docker build --build-arg CI_COMMIT_SHORT_SHA=$CI_COMMIT_SHORT_SHA -e CI_PROJECT_ID=$CI_PROJECT_ID .';
  const text = textOf('gitlab', fileOf([script]));
  expect(text).toContain('CI_COMMIT_SHORT_SHA=$COMMIT_SHORT_SHA');
  expect(notesOf('gitlab', fileOf([script]))).toEqual([
    expect.stringContaining('`CI_PROJECT_ID` of GitLab has no'),
  ]);
});

it.each([
  'AAA=1; x $AAA',
  'AAA="a b" BBB=2; x $AAA $BBB',
  'export AAA BBB=2 && x $AAA $BBB',
  'if a; then AAA=1; else BBB=2; fi; x $AAA $BBB',
  'a && AAA=$(b "$BBB" | c) && x $AAA; readonly BBB=1',
  'for AAA in 1 2; do BBB=1 x $AAA $BBB; done',
  'a | while read -r AAA BBB; do x $AAA; done',
])('a name that is set in the commands is not noted: %s', (script) => {
  expect(notesOf('gitlab', fileOf([script])).filter((one) => one.includes('`AAA`'))).toEqual([]);
});
