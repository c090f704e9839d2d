import type { BuildSummary } from '../../src/core/views/build-view.ts';
import { shortCommit, shortDigest } from '../format.ts';

const EVENT_WORDS: Readonly<Record<BuildSummary['event'], string>> = {
  push: 'push to',
  tag: 'tag',
  pull_request: 'pull request',
  manual: 'run on',
  cron: 'schedule on',
};

/** Which commit, of which branch, tag or pull request. */
export function Reference({ build }: { build: BuildSummary }) {
  return (
    <span class="reference">
      <span class="event">{EVENT_WORDS[build.event]}</span> <span class="ref-name">{build.refName}</span>{' '}
      <Commit commit={build.commit} url={build.commitUrl} />
    </span>
  );
}

export function Commit({ commit, url }: { commit: string; url: string | null }) {
  const code = <code title={commit}>{shortCommit(commit)}</code>;
  return url === null ? code : <a href={url}>{code}</a>;
}

export function Digest({ digest }: { digest: string }) {
  return <code title={digest}>{shortDigest(digest)}</code>;
}
