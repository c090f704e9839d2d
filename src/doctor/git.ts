import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail, ok, type Check } from './check.ts';

export function checkGit(): Check {
  return {
    name: 'git',
    run: async (signal) => {
      try {
        const { stdout } = await promisify(execFile)('git', ['--version'], { signal });
        return ok(stdout.trim().replace(/^git version /, 'version '));
      } catch (error) {
        return fail(
          `it cannot be run: ${(error as NodeJS.ErrnoException).code ?? 'it failed'}`,
          'apt-get install git',
        );
      }
    },
  };
}
