import type Dockerode from 'dockerode';
import { describe, expect, it } from 'vitest';
import { removeContainer } from '../../../../worker/engine/remove.ts';

/** An engine whose removal by itself is under way, and gives up: only the `asked`th removal takes the container away. */
function engineThatGivesUp(asked: number): { docker: Dockerode; removals: () => number } {
  let removals = 0;
  const container = {
    remove: async () => {
      removals += 1;
      if (removals < asked) throw refusal(409, 'removal of container c is already in progress');
    },
    inspect: async () => {
      if (removals >= asked) throw refusal(404, 'no such container');
      const State = { Running: false, Status: 'removing', ExitCode: 0, OOMKilled: false };
      return { Id: 'c', State, Image: 'sha256:0', NetworkSettings: { Networks: {} } };
    },
  };
  return { docker: { getContainer: () => container } as unknown as Dockerode, removals: () => removals };
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}

describe('the removal of a container', () => {
  it('is over at once when the engine knows it no more', async () => {
    const { docker, removals } = engineThatGivesUp(1);
    await removeContainer(docker, 'c');
    expect(removals()).toBe(1);
  });

  it('is asked for again when the one that the engine had begun by itself came to nothing', async () => {
    const { docker, removals } = engineThatGivesUp(2);
    await removeContainer(docker, 'c');
    expect(removals()).toBe(2);
  });
});
