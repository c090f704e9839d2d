import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../../../src/core/views/page.ts';
import type { ProjectView } from '../../../src/core/views/project-view.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let host: GitHost;
let open: HostedRepository;
let server: TestServer;
beforeAll(async () => {
  host = await startGitHost({ password: 'ghp_secret' });
  open = host.create('Shop/Web');
  open.commit({ a: '1' });
  server = await startTestServer({ intake: false });
});
afterAll(async () => {
  await server.close();
  await host.close();
});

const add = (body: Record<string, unknown>) => server.api('POST', '/projects', body);
const problem = async (answer: Response) => ({
  status: answer.status,
  code: ((await answer.json()) as { error: { code: string } }).error.code,
});

describe('adding a project', () => {
  it('reads the repository with its token, and never tells the token again', async () => {
    const answer = await add({ cloneUrl: open.cloneUrl, token: 'ghp_secret' });
    expect(answer.status).toBe(201);
    const project = (await answer.json()) as ProjectView;
    expect(project).toMatchObject({
      path: 'shop/web',
      cloneUrl: open.cloneUrl,
      defaultBranch: 'main',
      secretNames: [],
      lastBuild: null,
    });
    const row = await server.deps.store.db.selectFrom('project').selectAll().executeTakeFirstOrThrow();
    expect(row.host_repository).toBe('shop/web');
    expect(row.clone_token).toMatch(/^v1\./);
    const shown = await server.api('GET', '/projects/shop%2Fweb');
    expect(await shown.text()).not.toContain('ghp_secret');
  });

  it('takes a token that stands in the address out of it', async () => {
    const withToken = open.cloneUrl.replace('http://', 'http://me:ghp_secret@');
    const answer = await add({ cloneUrl: withToken, path: 'shop/again' });
    expect(answer.status).toBe(201);
    expect(((await answer.json()) as ProjectView).cloneUrl).toBe(open.cloneUrl);
  });

  it('is refused when the repository cannot be read, with the cause', async () => {
    expect(await problem(await add({ cloneUrl: open.cloneUrl, path: 'x/y', token: 'wrong' }))).toEqual({
      status: 502,
      code: 'repository_unreachable',
    });
    expect(
      (await problem(await add({ cloneUrl: `${host.url}/no/body.git`, token: 'ghp_secret' }))).status,
    ).toBe(502);
  });

  it('is refused twice under one path', async () => {
    const twice = add({ cloneUrl: open.cloneUrl, path: 'shop/web', token: 'ghp_secret' });
    expect(await problem(await twice)).toEqual({ status: 409, code: 'exists_already' });
  });

  it.each([
    ['file:///etc'],
    ['--upload-pack=touch /tmp/x'],
    ['ext::sh -c id'],
    ['/etc/passwd'],
    ['http://host/../../x.git'],
    ['http://host/only'],
    [''],
    ['git@host:/absolute.git'],
  ])('is refused with the address %j', async (cloneUrl) => {
    expect(await problem(await add({ cloneUrl }))).toEqual({ status: 400, code: 'request_wrong' });
  });

  it.each(['../up', 'Upper/Case', 'a//b', '/a', 'a b', 'a/', 'ü'])(
    'is refused with the path %j',
    async (path) => {
      expect((await add({ cloneUrl: open.cloneUrl, token: 'ghp_secret', path })).status).toBe(400);
    },
  );
});

describe('a project', () => {
  it('is found by id and by path, and listed', async () => {
    const page = (await (await server.api('GET', '/projects')).json()) as Page<ProjectView>;
    expect(page.items.map((project) => project.path)).toEqual(['shop/again', 'shop/web']);
    const { id } = page.items[1] ?? { id: '' };
    expect(((await (await server.api('GET', `/projects/${id}`)).json()) as ProjectView).path).toBe(
      'shop/web',
    );
  });

  it('is shared with some more and some less, and two who change that at once lose nothing', async () => {
    const change = (body: object) => server.api('PATCH', '/projects/shop%2Fweb', body);
    const patterns = async () =>
      ((await (await server.api('GET', '/projects/shop%2Fweb')).json()) as ProjectView).sharedWith;
    const names = Array.from({ length: 20 }, (_, n) => `team/p${String(n).padStart(2, '0')}`);
    await Promise.all(names.map((name) => change({ share: [name] })));
    expect(await patterns()).toEqual(names);
    await Promise.all(names.slice(3).map((name) => change({ unshare: [name, 'not/there'] })));
    expect(await patterns()).toEqual(names.slice(0, 3));
    await change({ share: ['*', 'team/p00'], unshare: ['team/p01'] });
    expect(await patterns()).toEqual(['*', 'team/p00', 'team/p02']);
    await change({ sharedWith: [], share: ['shop/*'] });
    expect(await patterns()).toEqual(['shop/*']);

    const full = Array.from({ length: 100 }, (_, n) => `full/p${n}`);
    expect(await problem(await change({ share: full }))).toEqual({ status: 400, code: 'request_wrong' });
    expect(await problem(await change({ share: ['Shop/Web'] }))).toEqual({
      status: 400,
      code: 'request_wrong',
    });
    expect(await patterns()).toEqual(['shop/*']);
    await change({ sharedWith: [] });
  });

  it.each(['none', '..%2F..%2Fetc', '%00', 'a'.repeat(300), '%E0%A4%A'])(
    '%s is not found or refused',
    async (name) => {
      expect([400, 404]).toContain((await server.api('GET', `/projects/${name}`)).status);
    },
  );

  it.each(['slipway.yml', '.woodpecker.yml'])(
    'says that %s asks for nothing because it has errors',
    async (name) => {
      const branch = `broken-${name.replaceAll('.', '')}`;
      open.commit({ 'slipway.yml': null, [name]: 'steps: [' }, 'Break', { branch });
      const asked = await server.api('GET', `/projects/shop%2Fweb/inputs?branch=${branch}`);
      expect(await asked.json()).toMatchObject({
        inputs: [],
        problem: 'the pipeline files have errors, and so ask for none',
      });
    },
  );

  it('is built by hand with what its file asks for, and refuses all that is wrong at once', async () => {
    const file = `inputs: { level: { type: number, max: 3, required: true }, who: { default: ada }, dry: { type: boolean } }
steps: { a: { image: "busybox:1.36", commands: x } }
`;
    const commit = open.commit({ 'slipway.yml': file }, 'Ask', { branch: 'asks' });
    const asked = await server.api('GET', '/projects/shop%2Fweb/inputs?branch=asks');
    expect(await asked.json()).toMatchObject({
      branch: 'asks',
      commit,
      problem: null,
      inputs: [
        { name: 'level', max: 3 },
        { name: 'who', default: 'ada' },
        { name: 'dry', default: 'false' },
      ],
    });
    const run = (body: unknown) => server.api('POST', '/projects/shop%2Fweb/builds', body);
    const before = await server.deps.store.db.selectFrom('build').select('id').execute();
    const wrong = await run({ branch: 'asks', inputs: { who: 'a\nb', dry: 'perhaps', other: 1 } });
    expect(wrong.status).toBe(400);
    const { error } = (await wrong.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('inputs_wrong');
    for (const part of ['`level` is required', '`who` cannot be', '`dry` cannot be `perhaps`', '`other`'])
      expect(error.message).toContain(part);
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`i${index}`, '']));
    expect(await problem(await run({ inputs: many }))).toEqual({ status: 400, code: 'request_wrong' });
    for (const note of [null, ['a']]) {
      const untyped = await run({ branch: 'asks', inputs: { note } });
      expect(await untyped.json()).toMatchObject({
        error: {
          message: expect.stringContaining('inputs.note: is no text, number, `true` or `false`') as unknown,
        },
      });
    }
    expect(await problem(await run({ branch: 'none' }))).toEqual({ status: 404, code: 'not_found' });
    expect(await server.deps.store.db.selectFrom('build').select('id').execute()).toEqual(before);

    const made = await run({ branch: 'asks', inputs: { level: 2, dry: true } });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    const inputs = { level: '2', who: 'ada', dry: 'true' };
    expect(await (await server.api('GET', `/builds/${id}`)).json()).toMatchObject({
      event: 'manual',
      inputs,
    });
    const again = (await (await server.api('POST', `/builds/${id}/rerun`)).json()) as { id: string };
    expect(await (await server.api('GET', `/builds/${again.id}`)).json()).toMatchObject({ inputs });
  });

  it('changes its default branch and its token', async () => {
    const answer = await server.api('PATCH', '/projects/shop%2Fagain', { defaultBranch: 'next' });
    expect(((await answer.json()) as ProjectView).defaultBranch).toBe('next');
    expect((await server.api('PATCH', '/projects/shop%2Fagain', { token: 'wrong' })).status).toBe(502);
  });

  it('is removed with its secrets', async () => {
    await server.api('PUT', '/projects/shop%2Fagain/secrets/token', { value: 'abcdef' });
    expect((await server.api('DELETE', '/projects/shop%2Fagain')).status).toBe(204);
    expect((await server.api('GET', '/projects/shop%2Fagain')).status).toBe(404);
    expect(await server.deps.store.db.selectFrom('secret').selectAll().execute()).toEqual([]);
  });
});

describe("a project's secret", () => {
  const put = (name: string, value: string) =>
    server.api('PUT', `/projects/shop%2Fweb/secrets/${name}`, { value });

  it('is shown by its name only, and lies encrypted', async () => {
    expect((await put('npm_token', 'p4ssw0rd-of-npm')).status).toBe(204);
    const project = await (await server.api('GET', '/projects/shop%2Fweb')).text();
    expect((JSON.parse(project) as ProjectView).secretNames).toEqual(['npm_token']);
    expect(project).not.toContain('p4ssw0rd');
    const rows = await server.deps.store.db.selectFrom('secret').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('p4ssw0rd');
    expect(server.logged.join('')).not.toContain('p4ssw0rd');
  });

  it('comes out under a lease, as it was set last, and no other with it', async () => {
    await put('npm_token', 'first-value');
    await put('npm_token', 'second-value\nwith ümlaut');
    await put('other', 'other-value');
    const { id } = (await (await server.api('GET', '/projects/shop%2Fweb')).json()) as ProjectView;
    await server.api('PUT', '/registries/registry.example:5000', { username: 'me', password: 'passpass' });
    const read = await server.deps.secrets.forLease({
      projectId: id,
      names: ['npm_token', 'absent'],
      logins: { push: ['registry.example:5000'], pull: [], baseImages: false },
    });
    expect(read).toEqual({
      values: { npm_token: 'second-value\nwith ümlaut' },
      registries: { 'registry.example:5000': { username: 'me', password: 'passpass' } },
    });
    const logins = { push: [], pull: [], baseImages: true };
    const none = await server.deps.secrets.forLease({ projectId: id, names: [], logins });
    expect(none).toEqual({ values: {}, registries: {} });
  });

  it.each(['', 'a', 'abc', 'ü'])(
    'shorter than four bytes (%j) is refused: it could not be masked',
    async (value) => {
      expect(await problem(await put('short', value))).toEqual({ status: 400, code: 'secret_too_short' });
    },
  );

  it.each(['1a', 'a%20b', 'a%0Ab', '-x', '..%2Fx'])('has a proper name, not %s', async (name) => {
    expect((await put(name, 'value')).status).toBe(400);
  });

  it('is removed', async () => {
    expect((await server.api('DELETE', '/projects/shop%2Fweb/secrets/npm_token')).status).toBe(204);
    expect((await server.api('DELETE', '/projects/shop%2Fweb/secrets/npm_token')).status).toBe(404);
  });
});

describe("a registry's login", () => {
  it('is listed without its password, and removed', async () => {
    await server.api('PUT', '/registries/registry.example:5000', { username: 'me', password: 'passpass' });
    const list = await (await server.api('GET', '/registries')).text();
    expect(JSON.parse(list)).toMatchObject({
      items: [{ host: 'registry.example:5000', use: 'push', username: 'me' }],
    });
    expect(list).not.toContain('passpass');
    expect((await server.api('DELETE', '/registries/registry.example:5000')).status).toBe(204);
    expect((await server.api('DELETE', '/registries/registry.example:5000')).status).toBe(404);
    expect(
      (await server.api('PUT', '/registries/a%2Fb', { username: 'me', password: 'passpass' })).status,
    ).toBe(400);
  });
});
