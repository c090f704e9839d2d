import { createHash } from 'node:crypto';
import { stagingRepository } from '../../src/core/staging.ts';
import { digestOf, parseManifest, type Manifest } from '../../src/registry/manifest.ts';
import { openRegistry } from '../../src/registry/registry.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A manifest of one layer with this text; the same text is the same digest. */
export function smallManifest(text: string): Manifest {
  const blob = (content: string, mediaType: string): object => ({
    mediaType,
    digest: digestOf(Buffer.from(content)),
    size: Buffer.byteLength(content),
  });
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: blob(`{"text":"${text}"}`, 'application/vnd.oci.image.config.v1+json'),
    layers: [blob(text, 'application/vnd.oci.image.layer.v1.tar')],
  };
  const manifest = parseManifest(Buffer.from(JSON.stringify(document)), MANIFEST);
  if (manifest === null) throw new Error('the fixture is no manifest');
  return manifest;
}

/** Does what the engine's push does: blobs and manifest into the staging repository, under the lease's id as tag. */
export async function stage(host: string, repository: string, tag: string, text: string): Promise<Manifest> {
  const staging = stagingRepository(repository);
  await putBlobs(host, staging, text);
  const manifest = smallManifest(text);
  await openRegistry({ host, insecure: true, credentials: null }).putManifest(staging, tag, manifest);
  return manifest;
}

/** The blobs of {@link smallManifest}. */
export async function putBlobs(host: string, repository: string, text: string): Promise<void> {
  for (const content of [`{"text":"${text}"}`, text]) {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '', `http://${host}`);
    target.searchParams.set('digest', digest);
    const put = await fetch(target, { method: 'PUT', body: content });
    if (put.status !== 201) throw new Error(`the blob was answered ${put.status}`);
  }
}
