import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const job = (steps: string, more = '    container: alpine:3\n'): string =>
  `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n${more}    steps:\n${steps}`;

it.each(["${{ github.ref == 'refs/heads/main' }}", '${{ matrix.v == 2 }}', 'maybe'])(
  '`continue-on-error: %s` is noted, of a step and of a job',
  (value) => {
    const note = 'is left out: whether a failure counts depends on nothing, and it counts.';
    expect(notesOf('github', job(`      - run: x\n        continue-on-error: "${value}"\n`))).toEqual([
      `8 convert_left_out: \`jobs.a.steps[0].continue-on-error\` ${note}`,
    ]);
    const ofJob = job(
      '      - run: x\n      - run: y\n',
      `    container: alpine:3\n    continue-on-error: "${value}"\n`,
    );
    expect(notesOf('github', ofJob)).toEqual([`6 convert_left_out: \`jobs.a.continue-on-error\` ${note}`]);
  },
);

it.each(['true', '${{ true }}'])('`continue-on-error: %s` ignores the failure', (value) => {
  const text = job(`      - run: x\n        continue-on-error: ${value}\n`);
  expect(textOf('github', text)).toContain('failure: ignore');
  expect(notesOf('github', text)).toEqual([]);
  expect(textOf('github', text.replace('true', 'false'))).not.toContain('failure');
});

it('a step that neither runs nor uses anything is noted', () => {
  expect(notesOf('github', job('      - name: nothing\n      - run: x\n'))).toEqual([
    '7 convert_left_out: `jobs.a.steps[0]` is left out: it has neither `run` nor `uses`.',
  ]);
});

it.each(['    container: ""\n', '    container: { image: "" }\n'])(
  '%j is the runner, as there',
  (container) => {
    const text = job('      - run: x\n', container);
    expect(errorsOf('github', text)).toEqual([]);
    expect(textOf('github', text)).toContain('image: ubuntu:24.04');
  },
);
