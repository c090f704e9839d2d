import { readPartsSettings } from '../config/settings.ts';
import { Problem } from '../src/core/problem.ts';
import { prepareRouterFiles } from '../worker/router/prepare-files.ts';

/* Makes or renews the files that HAProxy starts from, where something else than `npm start` starts it: a service manager, an engine. */
try {
  const wrong = await prepareRouterFiles(readPartsSettings(process.env).router);
  if (wrong !== null) console.error(`${wrong.message} The router goes on with those that it took before.`);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(`${error.message}\n${error.fix}`);
  process.exitCode = 1;
}
