import { createPrivateKey } from 'node:crypto';
import { App } from 'octokit';
import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostAnswer } from '../../ports/git-host.ts';
import { octokitFor, tokenAsker } from './ask.ts';
import type { Ask, Asker, Question } from './ask.ts';
import { splitName } from './host-name.ts';

export interface GithubApp {
  readonly id: string;
  /** PEM. */
  readonly key: string;
}

/** What a token of the App may do on its one repository. */
type Permissions = Readonly<Record<string, 'read' | 'write'>>;

/** The App as one who asks, and its tokens for single repositories. Nothing of it is stored. */
export interface AppAccess {
  /** Asks as the App itself. */
  readonly asApp: Asker;
  /** Null where the App is not installed. */
  findInstallation(name: string): Promise<HostAnswer<string | null>>;
  /**
   * Asks with a token for that repository alone. `installation`: the id that was seen last; one that is not that of the
   * repository any more is found anew.
   * @param isRefused The token that was given last is not accepted.
   */
  token(
    name: string,
    installation: string | null,
    permissions: Permissions,
    isRefused?: boolean,
  ): Promise<HostAnswer<Asker>>;
}

/** A token is used as long as it has this much time left, so that a clone that begins with it can end. */
const LEAST_MS = 10 * 60_000;

/** @throws Problem `configuration_wrong` for a key that is none. */
export function createAppAccess(deps: { api: string; app: GithubApp; ask: Ask; clock: Clock }): AppAccess {
  const { api, ask } = deps;
  const asApp = appAsker(api, deps.app);
  /** Installations by repository, where they are others than those that were seen last. */
  const found = new Map<string, string>();

  const findInstallation: AppAccess['findInstallation'] = async (name) => {
    const question = {
      what: `find its installation on ${name}`,
      permission: 'Metadata: read',
      answer: z.object({ id: z.union([z.number(), z.bigint()]) }),
    };
    const answer = await ask(asApp, question, (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/installation', splitName(name)),
    );
    if (answer.kind === 'ok') return { kind: 'ok', value: String(answer.value.data.id) };
    return isStatus(answer, [404]) ? { kind: 'ok', value: null } : answer;
  };

  const token: AppAccess['token'] = async (name, installation, permissions, isRefused = false) => {
    const wanted = { name, permissions, isRefused };
    const known = found.get(name) ?? installation;
    const first = known === null ? null : await mint(deps, asApp, { ...wanted, installation: known });
    // Gone, or not that of the repository any more.
    if (first !== null && !isStatus(first, [404, 422])) return first;
    const answer = await findInstallation(name);
    if (answer.kind !== 'ok') return answer;
    if (answer.value === null)
      return { kind: 'refused', problem: new Problem('app_not_installed', { repository: name }) };
    if (first !== null && answer.value === known) return first;
    found.set(name, answer.value);
    return mint(deps, asApp, { ...wanted, installation: answer.value });
  };

  return { asApp, findInstallation, token };
}

function appAsker(api: string, app: GithubApp): Asker {
  try {
    createPrivateKey(app.key);
  } catch {
    throw new Problem('configuration_wrong', {
      name: 'SLIPWAY_GITHUB_APP_KEY',
      cause: 'is not a private key that can be read',
    });
  }
  const key = `app ${app.id}`;
  const { octokit } = new App({ appId: app.id, privateKey: app.key, Octokit: octokitFor(api) });
  return { key, who: 'the GitHub App', secret: app.key, octokit };
}

const tokenAnswer = z.object({ token: z.string().min(1), expiresAt: z.string() });

/** Octokit keeps tokens in memory by installation, repository and permissions; one that ends soon is made anew. */
async function mint(
  { api, ask, clock }: { api: string; ask: Ask; clock: Clock },
  asApp: Asker,
  wanted: { name: string; installation: string; permissions: Permissions; isRefused: boolean },
): Promise<HostAnswer<Asker>> {
  const { name, installation, permissions, isRefused } = wanted;
  const question: Question<typeof tokenAnswer> = {
    what: `make a token for ${name}`,
    permission: Object.entries(permissions)
      .map(([of, right]) => `${of}: ${right}`)
      .join(', '),
    answer: tokenAnswer,
  };
  const options = {
    type: 'installation',
    installationId: Number(installation),
    repositoryNames: [splitName(name).repo],
    permissions,
  };
  const answer = await ask(asApp, question, async ({ auth }) => {
    const kept = (await auth({ ...options, refresh: isRefused })) as { expiresAt: string };
    const isFresh = isRefused || Date.parse(kept.expiresAt) - clock.nowMs() > LEAST_MS;
    return { data: isFresh ? kept : await auth({ ...options, refresh: true }), headers: {} };
  });
  if (answer.kind === 'refused') return { kind: 'refused', problem: namePermission(answer.problem) };
  if (answer.kind !== 'ok') return answer;
  const asker = tokenAsker(api, answer.value.data.token, asApp.who, `installation ${installation}`);
  return { kind: 'ok', value: asker };
}

/** A permission that the installation lacks is said as one that a person can give. */
function namePermission(problem: Problem): Problem {
  const { status, cause } = problem.details;
  const isLacking = status === 422 && /permissions requested/i.test(String(cause));
  return isLacking ? new Problem('host_not_permitted', problem.details) : problem;
}

function isStatus(answer: HostAnswer<unknown>, statuses: readonly number[]): boolean {
  return answer.kind === 'refused' && statuses.includes(Number(answer.problem.details['status']));
}
