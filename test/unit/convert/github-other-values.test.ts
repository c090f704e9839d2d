import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

/** A step that uses it, in builds of those events. */
const file = (on: string, used: string, condition = 'true'): string =>
  `on: ${on}\njobs:\n  one:\n    container: "node:20"\n    steps:\n      - run: ${JSON.stringify(`use ${used}`)}\n        if: ${JSON.stringify(condition)}\n`;
const of = (context: string): string => `\${{ github.${context} }}`;

it.each([
  ['sha', 'is its last commit'],
  ['ref', 'ends with `/head`'],
  ['ref_name', 'is its number with `/head`'],
])('a pull request is built as it is, and `github.%s` is another value', (name, said) => {
  const note = [expect.stringContaining(`\`github.${name}\` ${said}`)];
  for (const used of [of(name), `$GITHUB_${name.toUpperCase()}`]) {
    expect(notesOf('github', file('[push, pull_request]', used))).toEqual(note);
    expect(notesOf('github', file('push', used))).toEqual([]);
    const pushed = "github.event_name == 'push' && github.actor != 'bot'";
    expect(notesOf('github', file('[push, pull_request]', used, pushed))).toEqual([]);
    expect(notesOf('github', file('[push, pull_request]', used, `${pushed} || true`))).toEqual(note);
  }
});

it.each(['event_name', 'run_number', 'run_id'])('`github.%s` is another value', (name) => {
  for (const used of [of(name), `\${GITHUB_${name.toUpperCase()}}`])
    expect(notesOf('github', file('push', used))).toEqual([expect.stringContaining(`\`github.${name}\` is`)]);
});

it('the name of an event is the same where neither tags nor builds by hand or by the clock are', () => {
  const on = '{ push: { branches: [main] }, pull_request: {} }';
  expect(notesOf('github', file(on, of('event_name')))).toEqual([]);
});

it('a message is empty there but in pushes', () => {
  const note = [expect.stringContaining('empty there in all but pushes')];
  expect(notesOf('github', file('[push, pull_request]', of('event.head_commit.message')))).toEqual(note);
  expect(notesOf('github', file('push', of('event.head_commit.message')))).toEqual([]);
});

it('a variable of the file is no value of GitHub, and text in quotes is none', () => {
  const own = 'on: pull_request\nenv: { GITHUB_REF: here }\n';
  const text = `${own}jobs: { one: { container: node:20, steps: [{ run: "use $GITHUB_REF \${{ github.head_ref || 'github.sha' }}" }] } }\n`;
  expect(notesOf('github', text)).toEqual([]);
});

it('the last commit of a pull request is empty in other builds', () => {
  const text = file('[push, pull_request]', of('event.pull_request.head.sha'));
  expect(textOf('github', text)).toContain('use ${CI_COMMIT_PULL_REQUEST:+${CI_COMMIT_SHA}}');
  expect([...errorsOf('github', text), ...notesOf('github', text)]).toEqual([]);
  const either = '${{ github.event.pull_request.head.sha || github.sha }}';
  expect(textOf('github', file('push', either))).toContain('use ${CI_COMMIT_SHA}');
});
