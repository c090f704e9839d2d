const REMOVED = 'Check the id; it may have been removed by retention.';

/** What to do about a thing that is not there, by what it is; the words of `what` in a Problem `not_found`. */
const FIXES: Readonly<Record<string, string>> = {
  build: REMOVED,
  delivery: REMOVED,
  deployment: REMOVED,
  log: REMOVED,
  'successful deployment': 'Name one that succeeded; `slipway environments <environment>` lists them.',
  project: 'Check its path; `slipway project list` shows all.',
  environment: 'Check its name; `slipway environments` shows all.',
  schedule: 'Check its name; `slipway schedule list <project>` shows all.',
  worker: 'Check its name; `slipway worker list` shows all.',
  branch: 'Check its name; it must be on the Git host.',
  token: 'Check its name; `slipway token list` shows all.',
  'notification target': 'Check its id; `slipway notify list <project>` shows all.',
  secret: "Check its name; `slipway secret list <project>` shows the project's.",
  'registry login': 'Check the host; `slipway registry list` shows all.',
  path: 'Check the address; the paths of the API begin with /api/v1.',
};

/** Undefined for what the catalogue's own fix fits. */
export function fixOfNotFound(what: string): string | undefined {
  return Object.hasOwn(FIXES, what) ? FIXES[what] : undefined;
}
