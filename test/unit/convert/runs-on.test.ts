import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';

const STEPS = 'steps: { a: { image: "busybox:1.36", commands: x } }\n';

/** A workflow that waits for another one, as it is written here, and its notes. */
function converted(text: string): { readonly head: string; readonly notes: readonly string[] } {
  const { workflows, notes } = convertFiles(
    [
      { path: '.woodpecker/build.yml', content: STEPS },
      { path: '.woodpecker/tell.yml', content: `${text}\n${STEPS}` },
    ],
    'woodpecker',
  );
  const tell = workflows.find(({ name }) => name.includes('tell'))?.text ?? '';
  return {
    head: tell
      .replace(/image: none[\s\S]*/, '')
      .replace(/\s+/g, ' ')
      .trim(),
    notes: notes.map(({ message }) => message),
  };
}

const DEPENDS = 'depends_on: [build]';
const HEAD = 'depends_on: - build';

it.each([
  [
    'when: { event: push, status: [success, failure] }',
    `when: event: push ${HEAD} runs_on: - success - failure`,
  ],
  ['when: [{ status: [success, failure] }]', `${HEAD} runs_on: - success - failure`],
  ['when: { event: push, status: success }', `when: event: push ${HEAD}`],
  [
    'when: [{ event: push, status: [failure, success] }, { event: tag, status: [success, failure] }]',
    `when: - event: push - event: tag ${HEAD} runs_on: - success - failure`,
  ],
  ['runs_on: [failure]\nwhen: { status: [success, failure] }', `${HEAD} runs_on: - success - failure`],
  ['runs_on: []', HEAD],
])('what a workflow waits for may have ended as `%s` says', (text, head) => {
  expect(converted(`${DEPENDS}\n${text}`)).toEqual({ head, notes: [] });
});

it('a `status` of failure alone, which runs after success there, too, is noted', () => {
  const { head, notes } = converted(`${DEPENDS}\nwhen: { event: push, status: [failure] }`);
  expect(head).toBe(`when: event: push ${HEAD} runs_on: - failure`);
  expect(notes).toEqual([expect.stringContaining('Woodpecker runs it after success, too')]);
});

it('outcomes that differ from one condition to the other are left out, and noted', () => {
  const { head, notes } = converted(
    `${DEPENDS}\nwhen: [{ event: push, status: [success, failure] }, { event: tag }]`,
  );
  expect(head).toBe(`when: - event: push - event: tag ${HEAD}`);
  expect(notes).toEqual([expect.stringContaining('a workflow says it for all its conditions')]);
});

it('where nothing is waited for, it says nothing', () => {
  expect(converted('when: { event: push, status: [success, failure] }')).toEqual({
    head: 'when: event: push',
    notes: [],
  });
});

it.each(['runs_on: always', 'runs_on: [always]'])('%s is no outcome, and noted', (text) => {
  const { head, notes } = converted(`${DEPENDS}\n${text}`);
  expect(head).toBe(HEAD);
  expect(notes).toEqual([expect.stringContaining('`always` is no outcome')]);
});
