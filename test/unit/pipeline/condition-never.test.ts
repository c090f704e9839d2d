import { expect, it } from 'vitest';
import { lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import { lint } from './support.ts';

const STEP = 'image: "busybox:1.36", commands: x';
const stepWhen = (when: string): string => `image: none\nsteps: { a: { ${STEP}, when: ${when} } }`;
const NIGHTLY = 'cron: { nightly: { schedule: "@daily" } }\n';

/** `<file> <line>:<column> <message> <fix>` of each. */
function linted(files: Readonly<Record<string, string>>): readonly string[] {
  const found = lintWorkflows(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    { hasDockerfile: true },
  );
  return found.map(({ file, line, column, message, fix }) => `${file} ${line}:${column} ${message} ${fix}`);
}

it.each([
  ['{ event: push, tag: v1 }', 'v1 }'],
  ['[{ branch: main }, { event: [push, manual], tag: "v*" }]', '"v*"'],
  ['{ event: push, cron: nightly }', 'nightly }'],
  ['{ tag: v1, cron: nightly }', 'nightly }'],
  ['{ event: [tag, cron], tag: v1, cron: nightly }', 'nightly }'],
])('%s never holds', (when, at) => {
  const text = stepWhen(when);
  const column = (text.split('\n')[1]?.lastIndexOf(at) ?? 0) + 1;
  expect(lint(`${NIGHTLY}${text}`)).toEqual([`3:${column} condition_never`]);
});

it.each([
  '{ event: [push, tag], tag: v1 }',
  '{ event: tag, tag: v1 }',
  '{ tag: v1 }',
  '{ event: cron, cron: nightly }',
  '{ cron: "night*" }',
  '{ cron: { exclude: weekly } }',
  '{ event: [push, cron], cron: nightly }',
])('%s may hold', (when) => {
  expect(lint(`${NIGHTLY}${stepWhen(when)}`)).toEqual([]);
});

it('a condition of the file, of `push` and of a deployment never holds either', () => {
  expect(lint('image: {}\nwhen: { event: push, tag: v1 }\nsteps: { a: { commands: x } }')).toEqual([
    '2:27 condition_never',
  ]);
  expect(lint('image: {}\npush: { when: { event: manual, tag: v1 } }')).toEqual(['2:37 condition_never']);
});

it('a schedule that no file of the folder has never comes', () => {
  const files = { '.slipway/a.yml': `${NIGHTLY}${stepWhen('{ cron: nightly }')}` };
  expect(linted({ ...files, '.slipway/b.yml': stepWhen('{ cron: nightly }') })).toEqual([]);
  expect(linted({ ...files, '.slipway/b.yml': stepWhen('{ cron: nightyl }') })).toEqual([
    '.slipway/b.yml 2:65 No schedule is named `nightyl`: this condition never holds. Schedules are `nightly`.',
  ]);
  expect(linted({ ...files, '.slipway/b.yml': stepWhen('{ cron: [x, y] }') })).toEqual([
    '.slipway/b.yml 2:65 No schedule is named `x` or `y`: this condition never holds. Schedules are `nightly`.',
  ]);
  expect(linted({ ...files, '.slipway/b.yml': stepWhen('{ cron: [x, "week*"] }') })).toEqual([]);
  const fix = 'Write it under `cron` of the file: nothing else makes one.';
  expect(linted({ 'slipway.yml': stepWhen('{ cron: "night*" }') })).toEqual([
    `slipway.yml 2:65 No schedule is named \`night*\`: this condition never holds. ${fix}`,
  ]);
  expect(linted({ 'slipway.yml': stepWhen('{ cron: { exclude: nightly } }') })).toEqual([
    `slipway.yml 2:65 There is no schedule: this condition never holds. ${fix}`,
  ]);
});

it('of what cannot be read whole nothing is said', () => {
  const include =
    'include: { project: team/shared, ref: 89abcdef0123456789abcdef0123456789abcdef, file: x.yml }\n';
  expect(linted({ 'slipway.yml': `${include}${stepWhen('{ cron: nightly }')}` }).join()).not.toContain(
    'never holds',
  );
  expect(lint(stepWhen('{ cron: nightly, evnt: push }')).join()).not.toContain('condition_never');
});
