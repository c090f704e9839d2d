import { execFile } from 'node:child_process';
import { Problem } from '../core/problem.ts';
import { findBinary } from './find-binary.ts';

/**
 * Runs the docker client against an engine and returns its output, both streams one after the other. The client, and not
 * the engine's API, because it knows the logins of whoever runs us.
 * @throws Problem `part_missing` without a client; Error with the end of what it said when it failed.
 */
export async function docker(
  host: string,
  args: readonly string[],
  { timeoutMs = 60_000 } = {},
): Promise<string> {
  const program = dockerClient();
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 };
    execFile(program, ['--host', host, ...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve(`${stdout}${stderr}`);
      const said = stderr.split('\n').filter((line) => line.trim() !== '' && !line.includes('--help'));
      reject(
        new Error(
          error.killed === true ? `no answer within ${timeoutMs / 1_000} s` : (said.at(-1) ?? error.message),
        ),
      );
    });
  });
}

/** Absolute path of the client. @throws Problem `part_missing`. */
export function dockerClient(): string {
  const program = findBinary(['docker']);
  if (program !== null) return program;
  throw new Problem('part_missing', { part: 'a docker client', command: 'apt-get install docker.io' });
}
