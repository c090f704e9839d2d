import { expect, it } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

const textOf = (when: string): string =>
  `image: none\nsteps: { a: { image: "busybox:1.36", commands: x, when: ${when} } }\n`;
const linted = (when: string) => lintPipeline(textOf(when), 'slipway.yml');

it.each<[string, string, string]>([
  ['{ event: pull_request, ref: refs/heads/main }', 'refs/', '`refs/pull/…/head`, which `pull_request` has'],
  ['{ event: push, ref: "refs/tags/v*" }', '"refs', '`refs/heads/…`, which `push` has'],
  ['{ event: tag, ref: [refs/heads/main, "refs/pull/**"] }', '[refs', '`refs/tags/…`, which `tag` has'],
  [
    '{ event: [push, manual, cron, tag], ref: "refs/pull/*/head" }',
    '"refs',
    '`refs/heads/…` and `refs/tags/…`, which `push`, `manual`, `cron` and `tag` have',
  ],
  [
    '{ event: pull_request, ref: "refs/pull/*/merge" }',
    '"refs',
    '`refs/pull/…/head`, which `pull_request` has',
  ],
  ['{ event: pull_request, ref: "refs/merge-requests/**" }', '"refs', '`refs/pull/…/head`'],
  ['{ event: push, ref: "refs/{tags,pull}/**" }', '"refs', '`refs/heads/…`, which `push` has'],
  ['{ tag: v1, ref: refs/heads/main }', 'refs', '`refs/tags/…`, which `tag` has'],
  ['{ ref: main }', 'main', '`refs/heads/…`, `refs/pull/…/head` and `refs/tags/…`, which builds have'],
  ['{ event: push, ref: { exclude: "refs/heads/**" } }', '{ exclude', '`refs/heads/…`, which `push` has'],
  ['{ event: push, ref: { include: refs/heads/main, exclude: "**" } }', '{ include', '`refs/heads/…`'],
])('%s never holds', (when, at, refs) => {
  const [problem, ...more] = linted(when);
  expect(more).toEqual([]);
  expect(problem?.code).toBe('condition_never');
  const line = textOf(when).split('\n')[1] ?? '';
  expect(line.slice((problem?.column ?? 0) - 1).startsWith(at)).toBe(true);
  expect(problem?.message).toContain(`\`ref\` matches none of ${refs}`);
});

it.each([
  '{ event: pull_request, ref: "refs/pull/*/head" }',
  '{ event: pull_request, ref: "refs/pull/7/head" }',
  '{ event: [push, pull_request], ref: refs/heads/main }',
  '{ event: push, ref: "refs/{heads,tags}/**" }',
  '{ event: push, ref: "**/main" }',
  '{ event: push, ref: "*/heads/main" }',
  '{ event: tag, ref: "refs/[t]ags/v1" }',
  '{ ref: "refs/tags/v*" }',
  '{ event: push, ref: { exclude: "refs/heads/tmp/**" } }',
  '{ event: [push, tag], ref: { exclude: "refs/heads/**" } }',
])('%s may hold', (when) => {
  expect(linted(when)).toEqual([]);
});
