import { Problem } from '../core/problem.ts';
import type { Remote, RemoteState } from '../ports/repositories.ts';
import { runGit, type GitResult } from './run-git.ts';

export type { Credentials, Remote, RemoteState } from '../ports/repositories.ts';

const LS_REMOTE_MS = 30_000;

/** Reads the branches of a remote and which one is its default. @throws Problem `repository_unreachable`. */
export async function readRemote(remote: Remote, signal?: AbortSignal): Promise<RemoteState> {
  const result = await runGit(['ls-remote', '--symref', '--', remote.url, 'HEAD', 'refs/heads/*'], {
    settings: remoteSettings(remote),
    timeoutMs: LS_REMOTE_MS,
    maxBytes: 32 * 1024 * 1024,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode !== 0) throw unreachable(remote, result);
  const text = result.stdout.toString('utf8');
  const branches = new Map(
    [...text.matchAll(/^([0-9a-f]{40})\trefs\/heads\/(.+)$/gm)].map(([, commit = '', name = '']) => [
      name,
      commit,
    ]),
  );
  const head = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(text)?.[1];
  return { defaultBranch: head ?? branches.keys().next().value ?? 'main', branches };
}

/**
 * Settings that hand the credentials to git for this address only: nothing is written to disk, and a redirect
 * to another host does not get them.
 */
export function remoteSettings({ url, credentials }: Remote): Readonly<Record<string, string>> {
  if (credentials === null || !/^https?:/i.test(url)) return {};
  const { origin } = new URL(url);
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return { [`http.${origin}/.extraHeader`]: `Authorization: Basic ${basic}` };
}

/** The Problem for a remote command that ended badly; the cause is git's own last line, or what ssh said before it. */
export function unreachable(remote: Remote, result: GitResult): Problem {
  if (result.ended === 'time-out')
    return new Problem('repository_too_slow', {
      url: remote.url,
      seconds: Math.round(result.elapsedMs / 1_000),
    });
  if (result.ended === 'idle') {
    const cause = `nothing has come from it for ${Math.round(result.quietMs / 1_000)} seconds`;
    return new Problem('repository_unreachable', { url: remote.url, cause });
  }
  const lines = result.stderr.split(/[\r\n]/).filter((line) => /^(fatal|error|remote):/.test(line));
  const last = saidBySsh(result) ?? lines.findLast((line) => !line.startsWith('remote:')) ?? lines.at(-1);
  const cause = (last ?? `git ended with ${result.exitCode ?? result.ended}`)
    .replace(/^(fatal|error|remote): /, '')
    .replace(/\.$/, '');
  return new Problem('repository_unreachable', { url: remote.url, cause: cause.slice(0, 500) });
}

/** Of a remote that ssh did not reach or did not get into, git itself says only that it cannot read. */
function saidBySsh({ stderr }: GitResult): string | undefined {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim());
  const end = lines.findIndex((line) => line.startsWith('fatal: Could not read from remote repository'));
  return lines.slice(0, Math.max(end, 0)).findLast((line) => line !== '' && !line.startsWith('remote:'));
}
