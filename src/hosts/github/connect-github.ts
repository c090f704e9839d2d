import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GitHost, HostAnswer, HostRepository } from '../../ports/git-host.ts';
import type { HostDeliveries } from '../../ports/host-deliveries.ts';
import { createAppAccess } from './app-access.ts';
import type { AppAccess, GithubApp } from './app-access.ts';
import { createAsk, tokenAsker } from './ask.ts';
import type { Ask, Asker } from './ask.ts';
import { hostDeliveries } from './host-deliveries.ts';
import { hostNameOf, isOnHost, splitName } from './host-name.ts';
import { showCheck } from './show-check.ts';

export interface GithubDeps {
  /** Base address of the API, without closing slash. */
  readonly api: string;
  readonly app: GithubApp | null;
  readonly clock: Clock;
}

/** GitHub by its REST API, with a project's token or as an App. @throws Problem `configuration_wrong` for the App's key. */
export function connectGithub({ api, app, clock }: GithubDeps): GitHost & HostDeliveries {
  const name = hostNameOf(api);
  const ask = createAsk(name, clock);
  const access = app === null ? null : createAppAccess({ api, app, ask, clock });
  const asToken = (repository: string, token: string): Asker =>
    tokenAsker(api, token, `the token of ${repository}`);
  return {
    name,
    hasApp: access !== null,
    serves: (cloneUrl) => isOnHost(cloneUrl, name),
    tryRepository: (repository) =>
      askAbout(repository, { access, asToken, permissions: { metadata: 'read' } }, (asker) =>
        readRepository(ask, asker, repository.name),
      ),
    findInstallation: async (repository) =>
      access === null ? noApp(repository) : access.findInstallation(repository),
    cloneToken: async (repository, installation) => {
      if (access === null) return noApp(repository);
      const answer = await access.token(repository, installation, { contents: 'read' });
      return answer.kind === 'ok' ? { kind: 'ok', value: answer.value.secret } : answer;
    },
    setStatus: (repository, status, signal) =>
      askAbout(repository, { access, asToken, permissions: { statuses: 'write' } }, (asker) =>
        setStatus(ask, asker, { repository: repository.name, status, signal }),
      ),
    showCheck: async (repository, check, signal) =>
      app === null || repository.access.kind === 'token'
        ? noApp(repository.name)
        : askAbout(repository, { access, asToken, permissions: { checks: 'write' } }, (asker) =>
            showCheck(ask, asker, { repository: repository.name, appId: app.id, check, signal }),
          ),
    ...hostDeliveries(ask, { asApp: access?.asApp ?? null, asToken, clock }),
  };
}

/** Asks with what opens the repository. A token of the App that was taken back early is replaced once. */
async function askAbout<T>(
  { name, access }: HostRepository,
  by: {
    access: AppAccess | null;
    asToken: (repository: string, token: string) => Asker;
    permissions: Readonly<Record<string, 'read' | 'write'>>;
  },
  act: (asker: Asker) => Promise<HostAnswer<T>>,
): Promise<HostAnswer<T>> {
  if (access.kind === 'token') return act(by.asToken(name, access.token));
  if (by.access === null) return noApp(name);
  const minted = await by.access.token(name, access.installation, by.permissions);
  if (minted.kind !== 'ok') return minted;
  const answer = await act(minted.value);
  if (answer.kind !== 'refused' || answer.problem.code !== 'host_token_wrong') return answer;
  const again = await by.access.token(name, access.installation, by.permissions, true);
  return again.kind === 'ok' ? act(again.value) : again;
}

function noApp(repository: string): HostAnswer<never> {
  return { kind: 'refused', problem: new Problem('app_not_installed', { repository }) };
}

async function readRepository(ask: Ask, asker: Asker, name: string): Promise<HostAnswer<null>> {
  const question = {
    what: `read the repository ${name}`,
    permission: 'Metadata: read',
    answer: z.object({ full_name: z.string() }),
  };
  const answer = await ask(asker, question, (octokit) => octokit.rest.repos.get(splitName(name)));
  return answer.kind === 'ok' ? { kind: 'ok', value: null } : answer;
}

async function setStatus(
  ask: Ask,
  asker: Asker,
  {
    repository,
    status,
    signal,
  }: { repository: string; status: Parameters<GitHost['setStatus']>[1]; signal: AbortSignal | undefined },
): Promise<HostAnswer<null>> {
  const { commit: sha, state, targetUrl: target_url, description, context } = status;
  const question = {
    what: `set a status on ${repository}`,
    permission: 'Commit statuses: read and write',
    answer: z.object({ state: z.string(), context: z.string() }),
    writes: true,
    signal,
  };
  const answer = await ask(asker, question, (octokit) =>
    octokit.rest.repos.createCommitStatus({
      ...splitName(repository),
      ...{ sha, state, target_url, description, context },
    }),
  );
  return answer.kind === 'ok' ? { kind: 'ok', value: null } : answer;
}
