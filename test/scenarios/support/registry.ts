import { gunzipSync } from 'node:zlib';

/*
 * What the registry itself says over HTTP; nothing of the product is in between. A registry with a password is asked
 * with the one in its address: `http://name:password@host`.
 */
function ask(url: string, target: string, init: RequestInit = {}): Promise<Response> {
  const { origin, username, password } = new URL(url);
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const headers = { ...init.headers, ...(username === '' ? {} : { authorization: `Basic ${basic}` }) };
  return fetch(`${origin}/v2/${target}`, { ...init, headers });
}

const MANIFESTS = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
].join(', ');

/** Tags of a repository in their order; none where there is no such repository. */
export async function tagsOf(url: string, repository: string): Promise<readonly string[]> {
  const response = await ask(url, `${repository}/tags/list`);
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`tags of ${repository}: ${response.status} ${await response.text()}`);
  const { tags } = (await response.json()) as { tags: string[] | null };
  return [...(tags ?? [])].sort();
}

/** Digest that a tag or digest stands for; null where there is none. */
export async function digestOf(url: string, repository: string, reference: string): Promise<string | null> {
  const response = await ask(url, `${repository}/manifests/${reference}`, {
    method: 'HEAD',
    headers: { accept: MANIFESTS },
  });
  return response.ok ? response.headers.get('docker-content-digest') : null;
}

/** All that an image is made of, as text: its manifest, its configuration with the history, its unpacked layers. */
export async function contentOf(url: string, repository: string, reference: string): Promise<string> {
  const target = `${repository}/manifests/${reference}`;
  const answer = await ask(url, target, { headers: { accept: MANIFESTS } });
  if (!answer.ok) throw new Error(`${target}: ${answer.status}`);
  const text = await answer.text();
  const { config, layers } = JSON.parse(text) as { config: { digest: string }; layers: { digest: string }[] };
  const blob = async ({ digest }: { digest: string }): Promise<Buffer> =>
    Buffer.from(await (await ask(url, `${repository}/blobs/${digest}`)).arrayBuffer());
  const parts = [await blob(config), ...(await Promise.all(layers.map(blob))).map((one) => gunzipSync(one))];
  return [text, ...parts.map((part) => part.toString('latin1'))].join('\n');
}

/** `repository:tag` of everything that is still staged. */
export async function stagedManifests(url: string): Promise<readonly string[]> {
  const { repositories } = (await (await ask(url, '_catalog?n=1000')).json()) as {
    repositories: string[];
  };
  const staged = repositories.filter((name) => name.startsWith('slipway-staging/'));
  const tags = await Promise.all(
    staged.map(async (name) => (await tagsOf(url, name)).map((tag) => `${name}:${tag}`)),
  );
  return tags.flat();
}
