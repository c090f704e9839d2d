import { spawn } from 'node:child_process';
import { findBuildClient } from '../worker/image/build-client.ts';

/** The `docker` command that this machine builds with: what a script would use. */
export async function dockerCommand(): Promise<string> {
  const { client } = await findBuildClient();
  if (client === null) throw new Error('no docker command with BuildKit');
  return client.command;
}

/** Runs a command to its end and returns how long it took (ms) and what it wrote. @throws Error when it fails. */
export function timed(command: string, args: readonly string[]): Promise<{ ms: number; output: string }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        if (output.length < 10_000) output += chunk.toString('utf8');
      });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ ms: performance.now() - start, output });
      else reject(new Error(`${command} ${args.join(' ')}: ${code ?? 'killed'}\n${output}`));
    });
  });
}
