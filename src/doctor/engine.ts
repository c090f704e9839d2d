import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { findBuildClient } from '../../worker/image/build-client.ts';
import { fail, ok, type Check } from './check.ts';

const ANSWER_MS = 5_000;

export function checkEngine(findHost: () => Promise<string>): Check {
  return {
    name: 'engine',
    run: async () => {
      const host = await findHost();
      const engine = connectEngine(host);
      try {
        if (!(await engine.isUp(ANSWER_MS)))
          return fail(
            `${host} does not answer`,
            'Start it, name another with DOCKER_HOST, or let this user use it.',
          );
        const { version, cpus, memoryBytes } = await engine.facts();
        return ok(
          `${host}, version ${version}, ${cpus} processors, ${(memoryBytes / 1e9).toFixed(1)} GB memory`,
        );
      } finally {
        engine.close();
      }
    },
  };
}

export function checkBuildClient(): Check {
  return {
    name: 'build client',
    run: async () => {
      const { client, skipped } = await findBuildClient();
      if (client !== null) return ok(`${client.command}, BuildKit by ${client.kind}: ${client.version}`);
      const why = skipped.map(({ command, why }) => `${command}: ${why}`).join('; ');
      return fail(
        why === '' ? 'there is no docker command' : why,
        "Install a docker client with buildx: apt-get install docker-buildx, or docker-buildx-plugin of Docker's own packages.",
      );
    },
  };
}
