import type Dockerode from 'dockerode';
import { callEngine, refusalStatus } from './engine-lost.ts';

/**
 * Unpacks a tar archive into a directory of a container, running or not; volumes that are mounted there are written to, as
 * far as the container may. The engine follows links within the container only. Rejects as soon as `signal` aborts.
 */
export async function putArchive(
  docker: Dockerode,
  id: string,
  directory: string,
  tar: NodeJS.ReadableStream | Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const abort = signal === undefined ? {} : { abortSignal: signal };
  await callEngine(() => docker.getContainer(id).putArchive(tar, { path: directory, ...abort }));
}

/** Whether a container's file system has a file of that path; links on the way are followed, the last one is not. */
export async function hasFile(docker: Dockerode, id: string, path: string): Promise<boolean> {
  try {
    const answer = await callEngine((): Promise<NodeJS.ReadableStream> =>
      docker.getContainer(id).infoArchive({ path }),
    );
    answer.resume(); // an answer that is not read to its end keeps its connection
    return true;
  } catch (error) {
    if (refusalStatus(error) === 404) return false;
    throw error;
  }
}
