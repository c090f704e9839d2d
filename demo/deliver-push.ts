import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { randomUUID } from 'node:crypto';
import { sign } from '../src/webhooks/signature.ts';

/** A push to `main` as the Git host knows it. */
export interface Push {
  readonly repository: string;
  readonly cloneUrl: string;
  readonly commit: string;
  readonly before: string | null;
  readonly message: string;
  readonly changed: readonly string[];
}

/** How the server took a delivery. */
export interface Delivered {
  readonly status: number;
  readonly text: string;
  /** From the first byte out to the last byte of the answer. */
  readonly tookMs: number;
  /** Epoch ms. */
  readonly sentAtMs: number;
}

/** Sends a signed `push` delivery: GitHub's own example with this push in it. */
export async function deliverPush(serverUrl: string, secret: string, push: Push): Promise<Delivered> {
  const body = JSON.stringify(payloadOf(push));
  const sentAtMs = Date.now();
  const begun = performance.now();
  const response = await fetch(`${serverUrl}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/demo',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': sign(body, secret),
    },
    body,
  });
  const text = await response.text();
  return { status: response.status, text, tookMs: performance.now() - begun, sentAtMs };
}

interface ExamplePush {
  readonly repository: object;
  readonly head_commit: object;
}

function payloadOf(push: Push): object {
  const found = (examples as unknown as readonly { name: string; examples: readonly unknown[] }[]).find(
    ({ name }) => name === 'push',
  );
  const example = found?.examples[0] as ExamplePush;
  const author = { name: 'Ada', email: 'ada@example.com', username: 'ada' };
  const commit = {
    ...example.head_commit,
    id: push.commit,
    message: push.message,
    url: `${push.cloneUrl.replace(/\.git$/, '')}/commit/${push.commit}`,
    author,
    committer: author,
    added: [],
    removed: [],
    modified: push.changed,
  };
  const [owner = '', name = ''] = push.repository.split('/');
  const pushed_at = Math.floor(Date.now() / 1_000);
  return {
    ...example,
    ref: 'refs/heads/main',
    before: push.before ?? '0'.repeat(40),
    after: push.commit,
    created: push.before === null,
    repository: {
      ...example.repository,
      name,
      full_name: push.repository,
      clone_url: push.cloneUrl,
      pushed_at,
      owner: { login: owner, id: 1 },
      default_branch: 'main',
    },
    head_commit: commit,
    commits: [commit],
  };
}
