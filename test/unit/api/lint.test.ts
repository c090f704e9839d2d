import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LintView } from '../../../src/core/views/lint-view.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ intake: false });
});
afterAll(() => server.close());

const lint = async (body: unknown) => {
  const answer = await server.api('POST', '/lint', body);
  return { status: answer.status, view: (await answer.json()) as LintView };
};

it('answers with every problem, its place, its line and its fix, as the command does', async () => {
  const text = 'steps:\n  - { name: a, image: node, comands: x }\n';
  const { status, view } = await lint({ text, file: 'ci/slipway.yml' });
  expect([status, view]).toEqual([200, { ok: false, problems: lintPipeline(text, 'ci/slipway.yml') }]);
  expect(view.problems.map(({ code }) => code)).toEqual(['image_mutable', 'key_unknown']);
  expect(view.problems[1]?.excerpt).toEqual({
    text: '  - { name: a, image: node, comands: x }',
    start: 28,
    length: 7,
  });
});

it('is well with warnings, and knows of the Dockerfile what it is told', async () => {
  const text = 'steps: { a: { commands: x } }';
  expect(await lint({ text })).toEqual({ status: 200, view: { ok: true, problems: [] } });
  const { view } = await lint({ text, hasDockerfile: false });
  expect([view.ok, view.problems.map(({ code }) => code)]).toEqual([false, ['image_missing']]);
  expect((await lint({ text: 'push: { tags: "1.0" }' })).view).toMatchObject({
    ok: true,
    problems: [{ code: 'tag_mutable', severity: 'warning' }],
  });
});

it('says where U+0000 stands, and refuses what is no text or too long', async () => {
  expect((await lint({ text: 'image: {}\n# \0' })).view.problems).toMatchObject([
    { code: 'character_wrong', line: 2, column: 3 },
  ]);
  expect((await lint({ text: 7 })).status).toBe(400);
  expect((await lint({})).status).toBe(400);
  expect((await lint({ text: '#'.repeat(1024 * 1024) })).status).toBe(413);
  const text = `steps: ${'['.repeat(500_000)}`;
  expect((await lint({ text })).view.problems).toMatchObject([{ code: 'too_complex' }]);
});

it('is for those who are signed in', async () => {
  const answer = await fetch(`${server.url}/api/v1/lint`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(401);
});
