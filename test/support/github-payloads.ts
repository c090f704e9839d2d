/** Deliveries as GitHub would send them, of our own repositories; only what is read is filled in. */
export interface PushOf {
  readonly repository: string;
  readonly commit: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly before?: string;
  readonly message?: string;
}

const NO_COMMIT = '0'.repeat(40);
const sender = { id: 7, login: 'ada', avatar_url: 'https://avatars.git.test/u/7' };

const repositoryOf = (fullName: string) => ({
  id: 41,
  full_name: fullName,
  private: true,
  html_url: `https://git.test/${fullName}`,
  ssh_url: `git@git.test:${fullName}.git`,
});

export function pushPayload({
  repository,
  commit,
  branch = 'main',
  tag,
  before,
  message = 'change',
}: PushOf) {
  return {
    ref: tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`,
    before: before ?? NO_COMMIT,
    after: commit,
    deleted: commit === NO_COMMIT,
    repository: repositoryOf(repository),
    sender,
    head_commit:
      commit === NO_COMMIT
        ? null
        : {
            id: commit,
            message,
            timestamp: '2026-01-02T03:04:05+01:00',
            url: null,
            author: { name: 'Ada', email: 'ada@example.com' },
          },
  };
}

export function deletionPayload(repository: string, branch: string) {
  return pushPayload({ repository, branch, commit: NO_COMMIT, before: 'a'.repeat(40) });
}

export function pullRequestPayload({
  repository,
  commit,
  branch,
  number = 1,
  action = 'synchronize',
  head = repository,
  title = 'A change',
  base = 'b'.repeat(40),
  before,
}: {
  repository: string;
  commit: string;
  branch: string;
  number?: number;
  action?: string;
  /** Full name of the repository the head is in. */
  head?: string;
  title?: string;
  /** Where the host says that the target branch, main, is. */
  base?: string;
  /** Of `synchronize`: the head before this one. */
  before?: string;
}) {
  return {
    action,
    number,
    ...(before === undefined ? {} : { before, after: commit }),
    repository: repositoryOf(repository),
    sender,
    pull_request: {
      title,
      html_url: null,
      user: sender,
      labels: [],
      milestone: { title: 'Spring $(id) sale' },
      draft: true,
      head: { ref: branch, sha: commit, repo: { full_name: head } },
      base: { ref: 'main', sha: base, repo: { full_name: repository } },
    },
  };
}
