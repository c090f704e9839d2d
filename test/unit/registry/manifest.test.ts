import { expect, test } from 'vitest';
import { blobsOf, digestOf, parseManifest } from '../../../src/registry/manifest.ts';

const blob = (digit: string): { mediaType: string; digest: string; size: number } => ({
  mediaType: 'application/octet-stream',
  digest: `sha256:${digit.repeat(64)}`,
  size: 10,
});
const bytes = (document: unknown): Uint8Array => Buffer.from(JSON.stringify(document));
const OCI = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';

test('reads an image of either kind, and its digest from its very bytes', () => {
  for (const mediaType of [OCI, DOCKER]) {
    const document = bytes({
      schemaVersion: 2,
      mediaType,
      config: blob('c'),
      layers: [blob('1'), blob('2')],
    });
    expect(parseManifest(document, null)).toMatchObject({
      digest: digestOf(document),
      mediaType,
      config: blob('c'),
      layers: [blob('1'), blob('2')],
      manifests: [],
    });
  }
});

test('takes the media type from the header where an OCI manifest names none', () => {
  const document = bytes({ schemaVersion: 2, config: blob('c'), layers: [] });
  expect(parseManifest(document, `${OCI}; charset=utf-8`)?.mediaType).toBe(OCI);
  expect(parseManifest(document, null)).toBeNull();
});

test('reads an index', () => {
  const document = bytes({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [blob('d')],
  });
  expect(parseManifest(document, null)).toMatchObject({ config: null, layers: [], manifests: [blob('d')] });
});

test.each([
  ['no JSON', Buffer.from('<html>')],
  ['half a document', Buffer.from('{"schemaVersion":2,"mediaType":"')],
  ['no object', Buffer.from('null')],
  [
    'schema 1',
    bytes({ schemaVersion: 1, mediaType: 'application/vnd.docker.distribution.manifest.v1+json' }),
  ],
  ['an image without configuration', bytes({ mediaType: OCI, layers: [] })],
  ['a layer without size', bytes({ mediaType: OCI, config: blob('c'), layers: [{ digest: 'x' }] })],
])('does not understand %s', (_, document) => {
  expect(parseManifest(document, OCI)).toBeNull();
});

test('names each blob of an image once', () => {
  const manifest = parseManifest(
    bytes({ mediaType: OCI, config: blob('c'), layers: [blob('1'), blob('1'), blob('2')] }),
    null,
  );
  expect(manifest && blobsOf(manifest).map(({ digest }) => digest[7])).toEqual(['c', '1', '2']);
});
