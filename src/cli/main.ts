import { didYouMean } from '../core/did-you-mean.ts';
import { endWhenUnread } from './end-unread.ts';

/** A command of `slipway`: its line in the help, and what it does; loaded only when it is called. */
interface Command {
  readonly about: string;
  readonly load: () => Promise<(argv: readonly string[]) => Promise<number>>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  lint: {
    about: 'check the pipeline file and show every problem',
    load: async () => (await import('./lint.ts')).lintCommand,
  },
  convert: {
    about: 'write the pipeline file that does what a file of another product does',
    load: async () => (await import('./convert.ts')).convertCommand,
  },
  run: {
    about: 'run the pipeline file here, on the working tree, without a server',
    load: async () => (await import('./run.ts')).runCommand,
  },
  replay: {
    about: 'run a build of the server again here, from its recorded plan',
    load: async () => (await import('./replay.ts')).replayCommand,
  },
  artifacts: {
    about: "list a build's artifacts, and download them",
    load: async () => (await import('./artifacts.ts')).artifactsCommand,
  },
  project: {
    about: 'add, list, show and remove projects',
    load: async () => (await import('./project.ts')).projectCommand,
  },
  schedule: {
    about: "list, stop and go on with a project's schedules",
    load: async () => (await import('./schedule.ts')).scheduleCommand,
  },
  secret: {
    about: "set, list and remove a project's secrets",
    load: async () => (await import('./secret.ts')).secretCommand,
  },
  notify: {
    about: 'who is told of builds and deployments, by webhook or e-mail',
    load: async () => (await import('./notify.ts')).notifyCommand,
  },
  registry: {
    about: 'keep the logins of registries',
    load: async () => (await import('./registry.ts')).registryCommand,
  },
  token: {
    about: 'make, list and revoke admin tokens',
    load: async () => (await import('./token.ts')).tokenCommand,
  },
  builds: {
    about: 'list builds, newest first',
    load: async () => (await import('./builds.ts')).buildsCommand,
  },
  logs: {
    about: "show a build's output; -f follows it",
    load: async () => (await import('./logs.ts')).logsCommand,
  },
  cancel: {
    about: 'cancel a build',
    load: async () => (await import('./build-actions.ts')).cancelCommand,
  },
  rerun: {
    about: 'run a build again, at the same commit',
    load: async () => (await import('./build-actions.ts')).rerunCommand,
  },
  'run-now': {
    about: 'build the newest commit of a branch now',
    load: async () => (await import('./build-actions.ts')).runNowCommand,
  },
  environments: {
    about: 'list environments and what is live in them',
    load: async () => (await import('./environments.ts')).environmentsCommand,
  },
  environment: {
    about: 'remove an environment',
    load: async () => (await import('./environments.ts')).environmentCommand,
  },
  deploy: {
    about: 'deploy an earlier release again',
    load: async () => (await import('./environments.ts')).deployCommand,
  },
  rollback: {
    about: 'bring the release before this one back',
    load: async () => (await import('./environments.ts')).rollbackCommand,
  },
  deliveries: {
    about: 'list deliveries with their outcome; replay one',
    load: async () => (await import('./deliveries.ts')).deliveriesCommand,
  },
  worker: {
    about: 'make the token of a worker; list, drain and undrain workers',
    load: async () => (await import('./worker.ts')).workerCommand,
  },
  workers: {
    about: 'list workers',
    load: async () => (await import('./workers.ts')).workersCommand,
  },
  audit: {
    about: 'list who changed what, newest first',
    load: async () => (await import('./audit.ts')).auditCommand,
  },
  backup: {
    about: 'copy all that a server keeps, while it runs',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  restore: {
    about: 'bring a backup back, with the server stopped',
    load: async () => (await import('./backup.ts')).restoreCommand,
  },
  doctor: {
    about: 'look at everything that a server needs',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
};

endWhenUnread();
const [name = '', ...argv] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  const isHelp = ['', 'help', '--help', '-h'].includes(name);
  const lines = Object.entries(COMMANDS).map(([word, { about }]) => `  ${word.padEnd(13)} ${about}`);
  const help = `Usage: slipway <command> [--help]\n\n${lines.join('\n')}\n`;
  if (isHelp) process.stdout.write(help);
  else process.stderr.write(`slipway: ${whyNot()}\n\n${help}`);
  process.exitCode = isHelp ? 0 : 2;
} else {
  const run = await command.load();
  process.exitCode = await run(argv);
}

function whyNot(): string {
  const meant = argv.find((word) => Object.hasOwn(COMMANDS, word));
  if (name.startsWith('-') && meant !== undefined)
    return `options come after the command: slipway ${meant} ${name} …`;
  const near = didYouMean(name, Object.keys(COMMANDS));
  return `there is no command "${name}"${near === null ? '' : `; did you mean "${near}"?`}`;
}
