import { describe, expect, it } from 'vitest';
import { readGithubDelivery, readGithubNames } from '../../../src/hosts/github/read-delivery.ts';
import { allPayloads as all } from './examples.ts';

const of = (name: string) =>
  all.filter((example) => example.name === name).map(({ payload }) => readGithubDelivery(name, payload));

describe('every example payload of GitHub', () => {
  it('is there', () => expect(all).toHaveLength(329));

  it.each(all)('$name $index has an outcome', ({ name, payload }) => {
    const meaning = readGithubDelivery(name, payload);
    if (meaning.kind === 'ignored') expect(meaning.reason).not.toMatch(/payload is not GitHub/);
    else expect(['push', 'pull_request']).toContain(name);
    const repository = (payload['repository'] as { full_name?: string } | undefined)?.full_name;
    expect(meaning.repository).toBe(repository?.toLowerCase() ?? null);
    expect(readGithubNames(payload).action).toBe(payload['action'] ?? null);
  });

  it('ping is ignored, saying that the webhook works', () => {
    expect(of('ping')).toHaveLength(4);
    for (const meaning of of('ping'))
      expect(meaning).toMatchObject({ kind: 'ignored', reason: 'ping: the webhook works' });
  });

  it('push is two branches, a tag and four deletions', () => {
    const branch = { kind: 'event', event: { kind: 'push', branch: 'master', before: null } };
    const deletion = { kind: 'ignored', reason: 'the tag simple-tag was deleted' };
    expect(of('push')).toMatchObject([
      { kind: 'event', event: { kind: 'tag', tag: 'simple-tag' } },
      deletion,
      deletion,
      deletion,
      branch,
      branch,
      deletion,
    ]);
  });

  it('pull_request builds what was opened, reopened or pushed to, and nothing else', () => {
    const built = all
      .filter(
        ({ name, payload }) => name === 'pull_request' && readGithubDelivery(name, payload).kind === 'event',
      )
      .map(({ payload }) => payload['action'] as string);
    expect([...new Set(built)].sort()).toEqual(['opened', 'reopened', 'synchronize']);
    expect(built).toHaveLength(7);
  });
});

describe('a push', () => {
  it('is read whole', () => {
    const push = all.find(({ name, payload }) => name === 'push' && payload['ref'] === 'refs/heads/master');
    expect(readGithubDelivery('push', push?.payload)).toEqual({
      kind: 'event',
      repository: 'codertocat/hello-world',
      event: {
        kind: 'push',
        branch: 'master',
        commit: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
        before: null,
        message: 'Initial commit',
        author: expect.objectContaining({ name: expect.any(String) as string }) as object,
        committedAtMs: Date.parse('2019-05-15T15:19:25Z'),
        actor: {
          id: '21031067',
          login: 'Codertocat',
          avatarUrl: 'https://avatars1.githubusercontent.com/u/21031067?v=4',
        },
        url: 'https://github.com/Codertocat/Hello-World/commit/6113728f27ae82c7b1a177c8d03f9e96e0adf246',
        changedFiles: null,
        repository: {
          host: 'github',
          id: '186853002',
          isPrivate: false,
          url: 'https://github.com/Codertocat/Hello-World',
          sshUrl: 'git@github.com:Codertocat/Hello-World.git',
        },
      },
    });
  });

  it.each([
    ['refs/heads/topic/über', 'event'],
    ['refs/heads/-rf', 'ignored'],
    ['refs/heads/a..b', 'ignored'],
    ['refs/heads/a b', 'ignored'],
    ['refs/heads/a\nb', 'ignored'],
    ['refs/heads/', 'ignored'],
    ['refs/notes/commits', 'ignored'],
    ['--upload-pack=touch', 'ignored'],
  ])('of %j is an %s', (ref, kind) => {
    expect(readGithubDelivery('push', pushOf({ ref })).kind).toBe(kind);
  });

  it.each(['Fix [skip ci]', 'fix [CI SKIP]', '[no ci] x', 'x\n\nskip-checks: true', 'x [skip slipway]'])(
    'whose commit says %j is not built',
    (message) => {
      expect(readGithubDelivery('push', pushOf({ message }))).toMatchObject({ kind: 'ignored' });
    },
  );

  it('of a tag is built whatever the commit says: a tag is asked for', () => {
    expect(readGithubDelivery('push', pushOf({ ref: 'refs/tags/v1', message: '[skip ci]' })).kind).toBe(
      'event',
    );
  });

  it('of an annotated tag names the commit, not the tag object', () => {
    const commit = 'c'.repeat(40);
    const payload = { ...pushOf({ ref: 'refs/tags/v1' }), after: 'b'.repeat(40) };
    expect(readGithubDelivery('push', payload)).toMatchObject({ event: { commit } });
  });

  it.each([
    [{ id: '41' }, {}],
    [{ private: 'no' }, {}],
    [{ id: null }, {}],
    [{ ssh_url: '-oProxyCommand=id' }, { sshUrl: null }],
    [{ ssh_url: `git@x:${'a'.repeat(3_000)}` }, { sshUrl: null }],
    [{ ssh_url: 'git@x:a b' }, { sshUrl: null }],
    [{ html_url: 'javascript:alert(1)' }, { url: null }],
    [{ html_url: `https://x/${'a'.repeat(3_000)}` }, { url: null }],
  ])(
    'whose repository has %j is built; what is not as GitHub documents it counts as not said',
    (odd, seen) => {
      const known = {
        id: 41,
        private: true,
        html_url: 'https://x/a',
        ssh_url: 'git@x:a.git',
        full_name: 'shop/web',
      };
      const meaning = readGithubDelivery('push', { ...pushOf({}), repository: { ...known, ...odd } });
      const all = { host: 'github', id: '41', isPrivate: true, url: 'https://x/a', sshUrl: 'git@x:a.git' };
      const repository = 'sshUrl' in seen || 'url' in seen ? { ...all, ...seen } : null;
      expect(meaning).toMatchObject({ kind: 'event', event: { repository } });
    },
  );

  it('of which GitHub says nothing more has no values for the rest', () => {
    expect(readGithubDelivery('push', pushOf({}))).toMatchObject({
      event: { committedAtMs: null, actor: { avatarUrl: null }, repository: null },
    });
  });

  it.each(['data:image/png;base64,AAAA', 'javascript:alert(1)', 7, ''])(
    'takes no avatar %j',
    (avatar_url) => {
      const meaning = readGithubDelivery('push', {
        ...pushOf({}),
        sender: { id: 1, login: 'ada', avatar_url },
      });
      expect(meaning).toMatchObject({ kind: 'event', event: { actor: { login: 'ada', avatarUrl: null } } });
    },
  );

  it('links only to web addresses', () => {
    const payload = pushOf({});
    payload.head_commit.url = 'javascript:alert(1)';
    expect(readGithubDelivery('push', payload)).toMatchObject({ event: { url: null } });
  });
});

describe('a pull request', () => {
  const pull = all.find(({ name, payload }) => name === 'pull_request' && payload['action'] === 'synchronize')
    ?.payload as { pull_request: { head: { repo: unknown }; title: string } };
  const changed = (change: (payload: typeof pull) => void) => {
    const copy = structuredClone(pull);
    change(copy);
    return readGithubDelivery('pull_request', copy);
  };

  it('of a fork is blocked, with the reason', () => {
    const meaning = changed(
      (payload) => (payload.pull_request.head.repo = { full_name: 'evil/Hello-World' }),
    );
    expect(meaning).toMatchObject({ kind: 'blocked', event: { fromFork: true } });
    expect(meaning).toHaveProperty('reason', expect.stringContaining('evil/Hello-World'));
  });

  it('of a deleted fork is blocked too', () => {
    expect(changed((payload) => (payload.pull_request.head.repo = null)).kind).toBe('blocked');
  });

  it.each([
    [
      { milestone: { title: 'v2' }, draft: true },
      { milestone: 'v2', isDraft: true },
    ],
    [
      { milestone: null, draft: false },
      { milestone: null, isDraft: false },
    ],
    [
      { milestone: 'v2', draft: 'no' },
      { milestone: null, isDraft: null },
    ],
    [
      { milestone: undefined, draft: undefined },
      { milestone: null, isDraft: null },
    ],
  ])('with %j is told of as %j', (facts, event) => {
    expect(changed((payload) => void Object.assign(payload.pull_request, facts))).toMatchObject({ event });
  });

  it('whose title says [skip ci] is not built', () => {
    expect(changed((payload) => (payload.pull_request.title = 'WIP [skip ci]')).kind).toBe('ignored');
  });
});

it.each([null, 1, 'text', [], {}, { ref: 1 }, { pull_request: null }, { repository: { full_name: 3 } }])(
  'a payload that is no payload (%j) is ignored, never thrown at',
  (payload) => {
    for (const event of ['ping', 'push', 'pull_request', 'never_heard_of'])
      expect(readGithubDelivery(event, payload).kind).toBe('ignored');
  },
);

function pushOf({ ref = 'refs/heads/main', message = 'x' }: { ref?: string; message?: string }) {
  return {
    ref,
    before: 'a'.repeat(40),
    after: 'c'.repeat(40),
    repository: { full_name: 'shop/web' },
    sender: { id: 1, login: 'ada' },
    head_commit: { id: 'c'.repeat(40), message, url: 'https://x/c', author: { name: 'Ada', email: 'a@x' } },
    commits: [],
  };
}
