import { spawn } from 'node:child_process';
import type { FailedStep } from '../../../worker/steps/workflow-context.ts';

/**
 * A shell in the container of a failed step, on this terminal, with what its commands had: environment, folder, files.
 * Resolves when the person leaves it. The values go by the client's environment, so that no list of processes shows them.
 */
export async function openShell(docker: string, host: string, step: FailedStep): Promise<void> {
  const values = Object.entries(step.environment).flatMap(([name, value]) => [
    '--env',
    isOfClient(name) ? `${name}=${value}` : name,
  ]);
  const where = ['--workdir', step.workingDirectory, step.containerId];
  const child = spawn(
    docker,
    ['--host', host, 'exec', '--interactive', '--tty', ...values, ...where, ...step.shell],
    {
      stdio: 'inherit',
      env: { ...step.environment, ...ownOnes(process.env) },
    },
  );
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}

/** What the client itself goes by: a step's own value of it cannot go by the client's environment. */
function isOfClient(name: string): boolean {
  return /^(?:PATH|HOME|TERM|DOCKER_.*)$/.test(name);
}

function ownOnes(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isOfClient(name)));
}
