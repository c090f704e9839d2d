import { readPartsSettings } from '../config/settings.ts';
import { Problem } from '../src/core/problem.ts';
import { refuseArguments } from './installation/refuse-arguments.ts';
import { stopInstallation } from './installation/stop-installation.ts';

/* `npm stop`: ends what lives on after `npm start`. Data stays; the next start brings the apps back. */
refuseArguments('npm stop', process.argv.slice(2));
let count = 0;
try {
  await stopInstallation(process.env, {
    apps: 'stop',
    say: (sentence) => {
      count += 1;
      console.log(`· ${sentence}`);
    },
  });
  if (count === 0)
    console.log(
      `nothing ran in ${readPartsSettings(process.env).dataDir} (SLIPWAY_DATA names another folder)`,
    );
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(`${error.message}\n${error.fix}`);
  process.exitCode = 1;
}
