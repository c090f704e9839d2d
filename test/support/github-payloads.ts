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
const sender = { id: 7, login: 'ada' };

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
    repository: { full_name: repository },
    sender,
    head_commit:
      commit === NO_COMMIT
        ? null
        : { id: commit, message, url: null, author: { name: 'Ada', email: 'ada@example.com' } },
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
    repository: { full_name: repository },
    sender,
    pull_request: {
      title,
      html_url: null,
      user: sender,
      labels: [],
      head: { ref: branch, sha: commit, repo: { full_name: head } },
      base: { ref: 'main', sha: base, repo: { full_name: repository } },
    },
  };
}
