import { forSteps, forValues } from './ci-variable.ts';
import type { CiVariables } from './ci-variable.ts';

const never = (): string => 'false';

export const REPOSITORY_VARIABLES = {
  CI_REPO: forValues("The project's path, `<owner>/<name>`.", ({ project }) => project.path),
  CI_REPO_OWNER: forValues('Its owner.', ({ project }) => project.path.split('/').slice(0, -1).join('/')),
  CI_REPO_NAME: forValues('Its name.', ({ project }) => project.path.split('/').at(-1) ?? ''),
  CI_REPO_REMOTE_ID: forSteps(
    "The Git host's own id of the repository.",
    ({ event }) => event.repository?.id ?? null,
  ),
  CI_REPO_URL: forValues('Page of the repository on the Git host.', ({ project, event }) =>
    withoutCredentials(project.webUrl ?? event.repository?.url ?? null),
  ),
  CI_REPO_CLONE_URL: forValues('Address to clone from, without credentials.', ({ project }) =>
    withoutCredentials(project.cloneUrl),
  ),
  CI_REPO_CLONE_SSH_URL: forSteps('Address to clone from over ssh.', ({ project, event }) =>
    /^https?:/i.test(project.cloneUrl)
      ? (event.repository?.sshUrl ?? null)
      : withoutCredentials(project.cloneUrl),
  ),
  CI_REPO_DEFAULT_BRANCH: forValues('The default branch.', ({ project }) => project.defaultBranch),
  CI_REPO_PRIVATE: forSteps('Whether the repository is private: `true` or `false`.', ({ event }) =>
    event.repository === null ? null : String(event.repository.isPrivate),
  ),
  CI_REPO_TRUSTED_NETWORK: forSteps("Always `false`: no step gets a network of the worker's host.", never),
  CI_REPO_TRUSTED_VOLUMES: forSteps(
    'Always `false`: which paths of its host a worker gives says its operator, for all projects.',
    never,
  ),
  CI_REPO_TRUSTED_SECURITY: forSteps('Always `false`: no step runs privileged.', never),
} as const satisfies CiVariables;

function withoutCredentials(address: string | null): string | null {
  if (address === null) return null;
  if (!URL.canParse(address)) return address.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
  const url = new URL(address);
  if (url.username === '' && url.password === '') return address;
  if (url.protocol === 'ssh:') url.password = '';
  else [url.username, url.password] = ['', ''];
  return url.href;
}
