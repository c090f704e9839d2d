import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** How a script of ours ended on a machine without some programs. */
export interface FewProgramsEnd {
  readonly code: number | null;
  readonly output: string;
  /** What it asked of apt-get, one call a line. */
  readonly asked: string;
}

export interface FewPrograms {
  /** Names of programs that are not there, for the script alone. */
  readonly without: readonly string[];
  /** For another user than root. */
  readonly asUser?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** File and arguments, below the repository's root. */
  readonly script: readonly string[];
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Runs a script through the bootstrap in a mount namespace of its own, in which each folder of programs is one of links
 * to those that are to be there. Nothing is uninstalled, and nothing can be installed: apt-get is a stand-in that
 * writes down what it was asked and fails. `dir` is the caller's, empty, and readable for everybody.
 */
export async function runWithFewPrograms(dir: string, run: FewPrograms): Promise<FewProgramsEnd> {
  const asked = path.join(dir, 'asked');
  const folders = FOLDERS.filter((folder) => existsSync(folder) && !lstatSync(folder).isSymbolicLink());
  const real = (folder: string): string => path.join(dir, 'real', folder);
  const chosen = (folder: string): string => path.join(dir, 'chosen', folder);
  for (const folder of folders) {
    mkdirSync(real(folder), { recursive: true });
    mkdirSync(chosen(folder), { recursive: true });
    for (const name of readdirSync(folder).filter((one) => one !== 'apt-get' && !run.without.includes(one)))
      linkProgram(path.join(folder, name), path.join(chosen(folder), name), { folders, real });
  }
  if (!run.without.includes('apt-get')) writeProgram(path.join(chosen('/usr/bin'), 'apt-get'), asked);
  const binds = [
    ...folders.map((folder) => `mount --bind ${folder} ${real(folder)}`),
    // The last one takes `mount` itself away.
    ...folders.map((folder) => `mount --bind ${chosen(folder)} ${folder}`),
  ].join(' && ');
  const user = run.asUser === true ? 'unshare --user --map-user=65534 ' : '';
  const command = [process.execPath, 'scripts/bootstrap.mjs', ...run.script].join(' ');
  const child = spawn('unshare', ['--mount', 'sh', '-c', `${binds} && exec ${user}${command}`], {
    cwd: ROOT,
    env: { PATH: FOLDERS.join(path.delimiter), HOME: dir, TMPDIR: dir, ...run.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, output, asked: existsSync(asked) ? readFileSync(asked, 'utf8') : '' };
}

/** To the file behind a program, where the namespace has it. */
function linkProgram(
  program: string,
  link: string,
  { folders, real }: { folders: readonly string[]; real: (folder: string) => string },
): void {
  if (!existsSync(program)) return;
  const file = realpathSync(program);
  const folder = folders.find((one) => file.startsWith(`${one}/`));
  symlinkSync(folder === undefined ? file : path.join(real(folder), path.relative(folder, file)), link);
}

function writeProgram(file: string, asked: string): void {
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${asked}\nexit 1\n`);
  chmodSync(file, 0o755);
}
