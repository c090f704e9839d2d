import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import { includedIn } from '../../../src/convert/gitlab/includes.ts';

const JOB = (name: string) => `${name}: { image: "busybox:1.36", script: [x] }\n`;
const namesOf = (files: Readonly<Record<string, string>>, isBeside = true) => {
  const given = Object.entries(files).map(([path, content], index) => ({
    ...{ path, content },
    ...(index > 0 && isBeside ? { isBeside } : {}),
  }));
  const { workflows, notes } = convertFiles(given, 'gitlab');
  return {
    steps: [...(workflows[0]?.text.matchAll(/- name: (.*)/g) ?? [])].map(([, name]) => name),
    notes: notes.filter(({ message }) => !message.includes('runs beside')).map(({ message }) => message),
  };
};

it('a pattern includes all files that it matches, below the folder of the main file, in the order of their names', () => {
  const found = namesOf({
    'app/.gitlab-ci.yml': 'include: "/ci/*.yml"\n',
    'app/ci/b.yml': JOB('b'),
    'app/ci/a.yml': `include: ci/deep/**.yml\n${JOB('a')}`,
    'app/ci/deep/c.yml': JOB('c'),
    'app/ci/deep/d.txt': JOB('d'),
    'ci/e.yml': JOB('e'),
  });
  expect(found).toEqual({ steps: ['a', 'c', 'b'], notes: [] });
});

it('one that matches nothing is noted', () => {
  const { notes } = namesOf({ '.gitlab-ci.yml': `include: ci/*.yml\n${JOB('a')}` });
  expect(notes).toEqual([expect.stringContaining('`ci/*.yml` is not among the files that were read')]);
});

it('a file that was only found says nothing', () => {
  expect(namesOf({ '.gitlab-ci.yml': JOB('a'), 'x.yml': JOB('b') })).toEqual({ steps: ['a'], notes: [] });
});

it.each<[string, readonly string[]]>([
  ['include: /ci/a.yml', ['ci/a.yml']],
  ['include: [\'ci/a.yml\', "b.yaml"]', ['ci/a.yml', 'b.yaml']],
  ['include:\n  - local: /ci/**/*.yml\n  - local: "a.yml" # why', ['ci/**/*.yml', 'a.yml']],
  ['include: { local: a.yml, inputs: { x: y } }', ['a.yml']],
  ['include: ../outside.yml', []],
  ['include: https://example.com/a.yml', []],
])('%s may name %j', (text, names) => {
  expect(includedIn(text)).toEqual(names);
});
