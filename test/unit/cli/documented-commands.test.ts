import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { artifactsCommand } from '../../../src/cli/artifacts.ts';
import { auditCommand } from '../../../src/cli/audit.ts';
import { cancelCommand, rerunCommand, runNowCommand } from '../../../src/cli/build-actions.ts';
import { buildsCommand } from '../../../src/cli/builds.ts';
import {
  deployCommand,
  environmentCommand,
  environmentsCommand,
  rollbackCommand,
} from '../../../src/cli/environments.ts';
import { logsCommand } from '../../../src/cli/logs.ts';
import { notifyCommand } from '../../../src/cli/notify.ts';
import { projectCommand } from '../../../src/cli/project.ts';
import { scheduleCommand } from '../../../src/cli/schedule.ts';
import { tokenCommand } from '../../../src/cli/token.ts';
import { workerCommand } from '../../../src/cli/worker.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** Those that ask the server, and read neither a file nor standard input before. */
const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  artifacts: artifactsCommand,
  audit: auditCommand,
  builds: buildsCommand,
  cancel: cancelCommand,
  deploy: deployCommand,
  environment: environmentCommand,
  environments: environmentsCommand,
  logs: logsCommand,
  notify: notifyCommand,
  project: projectCommand,
  rerun: rerunCommand,
  rollback: rollbackCommand,
  'run-now': runNowCommand,
  schedule: scheduleCommand,
  token: tokenCommand,
  worker: workerCommand,
};

/** Where nothing listens. */
beforeEach(() => {
  vi.stubEnv('SLIPWAY_URL', 'http://127.0.0.1:1');
  vi.stubEnv('SLIPWAY_TOKEN', 'slipway_admin_0000000000000000000000000000000000000000000');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('takes every command as the documents write it', async () => {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const written = documented();
  expect(written.length).toBeGreaterThan(25);
  const refused: string[] = [];
  for (const { where, argv } of written) {
    said.length = 0;
    const [name = '', ...rest] = argv;
    // 1: it was understood, and the server is away.
    if ((await COMMANDS[name]?.(rest)) !== 1) refused.push(`${where}: ${argv.join(' ')}: ${said.join('')}`);
  }
  expect(refused).toEqual([]);
});

it('says in words how many arguments a command takes', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await rollbackCommand(['shop/web', 'production'])).toBe(2);
  expect(said).toHaveBeenCalledWith(expect.stringContaining('it takes 1 argument\n'));
});

/** The commands with arguments in code of the documents, but for those that are not written out, as in errors.md. */
function documented(): readonly { where: string; argv: readonly string[] }[] {
  const docs = readdirSync(path.join(ROOT, 'docs')).filter(
    (name) => name.endsWith('.md') && name !== 'errors.md',
  );
  return ['README.md', ...docs.map((name) => `docs/${name}`)].flatMap((where) =>
    [...readFileSync(path.join(ROOT, where), 'utf8').matchAll(/(?:^|`)(?:npx )?slipway ([a-z][^`\n]*)/gm)]
      .map(([, text = '']) =>
        text
          .replace(/ (?:#|&&).*$/, '')
          .replaceAll('<build>', 'shop/web#12')
          .trim(),
      )
      .filter((text) => !/[[\\…|{]| < |-stdin|-file|--help|^(?:project|worker) (?!list)\S+$/.test(text))
      .map((text) => ({ where, argv: text.replaceAll("'", '').split(/\s+(?![^<]*>)/) }))
      .filter(({ argv: [name = '', ...rest] }) => name in COMMANDS && rest.length > 0),
  );
}
