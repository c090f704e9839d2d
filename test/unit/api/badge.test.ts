import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { alone, planOf, pushOf } from '../../support/record.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
let host: GitHost;
let projectId: string;

beforeAll(async () => {
  host = await startGitHost();
  server = await startTestServer({ intake: false });
  const made = await server.api('POST', '/projects', { cloneUrl: host.create('shop/web').cloneUrl });
  projectId = ((await made.json()) as { id: string }).id;
});
afterAll(async () => {
  await server.close();
  await host.close();
});

const badge = (query = '', id = projectId): Promise<Response> =>
  fetch(`${server.url}/badges/${id}.svg${query}`);
const labelOf = async (answer: Response): Promise<string | undefined> =>
  /aria-label="([^"]*)"/.exec(await answer.text())?.[1];

async function build(branch: string): Promise<string> {
  const { buildId } = await server.deps.builds.createBuild({
    projectId,
    deliveryId: null,
    event: pushOf(branch),
    outcome: { kind: 'plan', plan: alone(planOf()), warnings: [] },
    blocked: null,
  });
  return buildId;
}

describe('a badge', () => {
  it('is an image for everybody, also on other sites, and says that there is no build', async () => {
    const answer = await badge();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=30');
    expect(await labelOf(answer)).toBe('build: no build');
  });

  it('tells of the newest build of the branch', async () => {
    const first = await build('main');
    expect(await labelOf(await badge())).toBe('build: waiting');
    await server.deps.builds.cancelBuild(first, 'by ada');
    expect(await labelOf(await badge('?branch=main'))).toBe('build: cancelled');
    await build('topic');
    expect(await labelOf(await badge())).toBe('build: cancelled');
    expect(await labelOf(await badge('?branch=topic'))).toBe('build: waiting');
    expect(await labelOf(await badge('?branch=none'))).toBe('build: no build');
  });

  it('shows nothing of what the sender wrote, and no project by its path', async () => {
    expect(await (await badge('?branch=%3Cscript%3E')).text()).not.toContain('script');
    for (const odd of ['?branch=%00', '?branch=a&branch=b', `?branch=${'x'.repeat(300)}`])
      expect([odd.slice(0, 20), (await badge(odd)).status]).toEqual([odd.slice(0, 20), 400]);
    for (const id of [newId('prj'), 'shop%2Fweb', '..%2F..%2Fetc'])
      expect([id, (await badge('', id)).status]).toEqual([id, 404]);
  });
});
