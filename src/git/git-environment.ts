/**
 * The short environment of every git that we start: no configuration of a user or of the system, no prompt, http, https
 * and ssh only.
 * @param settings Settings for this one command; in the environment, so `ps` does not show them.
 * @param local Allows repositories that are folders of this machine, and nothing else.
 */
export function gitEnvironment(
  settings: Readonly<Record<string, string>> = {},
  local = false,
): NodeJS.ProcessEnv {
  const all: Readonly<Record<string, string>> = {
    'gc.auto': '0',
    'maintenance.auto': 'false',
    'core.hooksPath': '/dev/null',
    'credential.helper': '',
    'http.lowSpeedLimit': '1000',
    'http.lowSpeedTime': '30',
    'transfer.fsckObjects': 'false',
    ...settings,
  };
  const pairs = Object.entries(all).flatMap(([key, value], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...passedOn(),
    ...Object.fromEntries(pairs),
    GIT_CONFIG_COUNT: String(Object.keys(all).length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    // Refs of our repositories are also written as files.
    GIT_DEFAULT_REF_FORMAT: 'files',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: local ? 'file' : 'http:https:ssh',
    GIT_SSH_COMMAND:
      'ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=30 -oServerAliveCountMax=4',
    LC_ALL: 'C',
  };
}

/** What git needs of our own environment: where programs are, ssh, certificates, proxies. */
function passedOn(): NodeJS.ProcessEnv {
  const { PATH, HOME, SSH_AUTH_SOCK, SSL_CERT_FILE, GIT_SSL_CAINFO, HTTPS_PROXY, NO_PROXY } = process.env;
  const all = { PATH, HOME, SSH_AUTH_SOCK, SSL_CERT_FILE, GIT_SSL_CAINFO, HTTPS_PROXY, NO_PROXY };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/**
 * The environment in which a person runs git, with what they have set for it: what is ignored, which folders are safe. It
 * asks nothing and speaks English; a hook that started this process does not say which repository is meant.
 */
export function personsEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !NAMES_A_REPOSITORY.has(name));
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
}

/** `git rev-parse --local-env-vars`, but for settings. */
const NAMES_A_REPOSITORY: ReadonlySet<string> = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);
