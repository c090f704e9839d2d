import type Dockerode from 'dockerode';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { callEngine } from './engine-lost.ts';

/** Makes an image of one layer from a tar archive of its file system. */
export async function importImage(
  docker: Dockerode,
  name: { readonly repository: string; readonly tag: string },
  tar: Buffer,
): Promise<void> {
  const answer = await callEngine(() =>
    docker.importImage(Readable.from([tar]), { repo: name.repository, tag: name.tag }),
  );
  const said = await text(answer);
  if (said.includes('"error"')) throw new Error(`the engine did not import ${name.repository}: ${said}`);
}
