import type { DeliveryMeaning } from '../delivery-meaning.ts';
import { findSkipMark } from '../skip-ci.ts';
import { branchName, type PushPayload } from './payload.ts';
import { toActor, toRepository } from './to-core.ts';

const NO_COMMIT = '0'.repeat(40);

/** What a `push` means: a branch, a tag, or nothing to build (a deletion, a skip mark, another ref). */
export function readPush(push: PushPayload): DeliveryMeaning {
  const repository = push.repository.full_name.toLowerCase();
  const ignored = (reason: string): DeliveryMeaning => ({ kind: 'ignored', repository, reason });
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/s.exec(push.ref) ?? [];
  if (kind === undefined || !branchName.safeParse(name).success)
    return ignored(`${printable(push.ref)} is neither a branch nor a tag`);
  const noun = kind === 'heads' ? 'branch' : 'tag';
  if (push.deleted || push.after === NO_COMMIT) return ignored(`the ${noun} ${name} was deleted`);
  const base = {
    // A push of an annotated tag names the tag object in `after`; the commit is head_commit's.
    commit: push.head_commit?.id ?? push.after,
    message: push.head_commit?.message ?? '',
    author: { name: push.head_commit?.author.name ?? '', email: push.head_commit?.author.email ?? '' },
    committedAtMs: timeOf(push.head_commit?.timestamp ?? ''),
    actor: toActor(push.sender),
    url: push.head_commit?.url ?? null,
    repository: toRepository(push.repository),
  };
  if (noun === 'tag') return { kind: 'event', repository, event: { kind: 'tag', ...base, tag: name } };
  const mark = findSkipMark(base.message);
  if (mark !== null) return ignored(`the commit message says ${mark}`);
  return {
    kind: 'event',
    repository,
    event: {
      kind: 'push',
      ...base,
      branch: name,
      before: push.before === NO_COMMIT ? null : push.before,
      changedFiles: null,
    },
  };
}

/** Epoch ms, in whole seconds, of an ISO 8601 time; null for what is none. */
function timeOf(text: string): number | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : Math.floor(time / 1_000) * 1_000;
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}]/gu, '?').slice(0, 100);
}
