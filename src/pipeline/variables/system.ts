import { forSteps, forValues } from './ci-variable.ts';
import type { CiVariables } from './ci-variable.ts';

export const SYSTEM_VARIABLES = {
  CI_SYSTEM_NAME: forValues('Always `slipway`.', () => 'slipway'),
  CI_SYSTEM_URL: forValues('Address of the server.', ({ system }) => system.url),
  CI_SYSTEM_HOST: forValues('Its host name.', ({ system }) =>
    URL.canParse(system.url) ? new URL(system.url).hostname : null,
  ),
  CI_SYSTEM_VERSION: forValues('Its version.', ({ system }) => system.version),

  CI_FORGE_TYPE: forSteps('The Git host: `github`.', ({ event }) => event.repository?.host ?? null),
  CI_FORGE_URL: forSteps('Its address.', ({ event }) => {
    const page = event.repository?.url ?? null;
    return page === null ? null : new URL(page).origin;
  }),
} as const satisfies CiVariables;
