import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Problem } from '../core/problem.ts';
import { PROGRAMS, type ProgramName } from './needed-programs.ts';

export interface InstallOptions {
  /** SLIPWAY_INSTALL. */
  readonly mayInstall: boolean;
  /** Told each thing that is done. */
  readonly say: (sentence: string) => void;
}

/**
 * Sees to it that these programs are on this machine: on Debian and Ubuntu, as root and where it is allowed, installs
 * the missing ones with apt. Services that come with the packages are not started: we use none of the system's own.
 * @throws Problem `part_missing` that names all missing ones and the exact command, `part_failed` when apt fails.
 */
export async function installMissing(names: readonly ProgramName[], options: InstallOptions): Promise<void> {
  const missing = missingOf(names);
  if (missing.length === 0) return;
  const what = missing.map((name) => PROGRAMS[name].name).join(', ');
  const wanted = [...new Set(missing.flatMap((name) => PROGRAMS[name].debian))];
  if (!hasApt()) throw new Problem('part_missing', { part: what, command: `install ${wanted.join(' ')}` });
  if (!mayUseApt(options.mayInstall)) {
    throw new Problem('part_missing', { part: what, command: commandFor(wanted, isRoot() ? '' : 'sudo ') });
  }
  options.say(`${what} is not on this machine`);
  options.say('apt-get update');
  await apt(['update', '-q']);
  const packages = known(wanted);
  options.say(`apt-get install --no-install-recommends ${packages.join(' ')}`);
  await withoutServices(() => apt(['install', '-y', '-q', '--no-install-recommends', ...packages]));
  const still = missingOf(names);
  if (still.length > 0)
    throw new Problem('part_failed', {
      part: still.map((name) => PROGRAMS[name].name).join(', '),
      cause: `${packages.join(' ')} did not bring it`,
      log: '/var/log/apt/term.log',
    });
}

/** Those of the programs that are not on this machine. */
export const missingOf = (names: readonly ProgramName[]): ProgramName[] =>
  names.filter((name) => !PROGRAMS[name].isThere());

/** Whether apt may bring what is missing: on Debian or Ubuntu, as root, where it is not forbidden. */
export const mayUseApt = (mayInstall: boolean): boolean => mayInstall && isRoot() && hasApt();

const isRoot = (): boolean => process.getuid?.() === 0;

const hasApt = (): boolean => existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');

/** What brings them, to be typed as it is. Before the first update nothing tells which packages there are. */
function commandFor(wanted: readonly string[], sudo: string): string {
  const install = `${sudo}apt-get install --no-install-recommends`;
  const there = known(wanted);
  if (there.length > 0) return `${install} ${there.join(' ')}`;
  const everywhere = wanted.filter((name) => !SPLIT_OFF.includes(name));
  return `${sudo}apt-get update && ${install} ${everywhere.join(' ')}`;
}

/** Parts of docker.io up to Debian 12, packages of their own later. */
const SPLIT_OFF = ['docker-cli', 'docker-buildx'];

/** Those that the system's package sources have. */
function known(packages: readonly string[]): string[] {
  return packages.filter((name) => {
    const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
    return /Candidate: (?!\(none\))/.test(stdout);
  });
}

/** apt-get, with its output on standard error: standard output belongs to what the user asked for. */
function apt(args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };
  const lock = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];
  const child = spawn('apt-get', [...lock, ...args], { env, stdio: ['ignore', 2, 2] });
  return new Promise((resolve, reject) => {
    const failed = (cause: string): void =>
      reject(
        new Problem('part_failed', {
          part: `apt-get ${args.join(' ')}`,
          cause,
          log: '/var/log/apt/term.log',
        }),
      );
    child.on('error', (error) => failed(error.message));
    child.on('close', (code) => (code === 0 ? resolve() : failed(`it ended with ${code ?? 'a signal'}`)));
  });
}

/**
 * Debian starts a service when its package is installed, unless `policy-rc.d` says no (101, "action forbidden":
 * Debian policy 9.3.3 and invoke-rc.d(8)). Ours says so only while `install` runs; one that is there comes back.
 */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const aside = `${policy}.slipway`;
  const mark = '# slipway: while installing';
  if (existsSync(policy) && !readFileSync(policy, 'utf8').includes(mark)) renameSync(policy, aside);
  writeFileSync(policy, `#!/bin/sh\n${mark}\nexit 101\n`, { mode: 0o755 });
  const restore = (): void =>
    existsSync(aside) ? renameSync(aside, policy) : rmSync(policy, { force: true });
  process.once('exit', restore);
  try {
    await install();
  } finally {
    process.off('exit', restore);
    restore();
  }
}
