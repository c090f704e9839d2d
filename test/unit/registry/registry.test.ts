import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '../../../src/core/problem.ts';
import { digestOf, parseManifest } from '../../../src/registry/manifest.ts';
import { openRegistry, type Manifest, type Registry } from '../../../src/registry/registry.ts';
import { tagImage } from '../../../src/registry/tag-image.ts';
import { startFakeRegistry, type FakeRegistry, type Handler } from './fake-registry.ts';

const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const BYTES = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPE,
    config: { mediaType: 'x', digest: `sha256:${'c'.repeat(64)}`, size: 1 },
    layers: [],
  }),
);
const DIGEST = digestOf(BYTES);
const BLOB = { mediaType: 'x', digest: 'sha256:1', size: 5 };
const QUICK = { attempts: 3, firstPauseMs: 5, mostPauseMs: 2_000 };

let server: FakeRegistry;
afterEach(() => server.close());

async function open(
  handler: Handler,
  credentials: { username: string; password: string } | null = null,
): Promise<Registry> {
  server = await startFakeRegistry(handler);
  return openRegistry({ host: server.host, insecure: true, credentials }, QUICK);
}
const lines = (): readonly string[] => server.requests.map(({ line }) => line);

describe('a hostile registry', () => {
  test('is asked again after a 500 and a 429, as late as it wants', async () => {
    const registry = await open((_, response, number) => {
      if (number === 1) response.writeHead(500).end();
      else if (number === 2) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.writeHead(200, { 'content-type': TYPE }).end(BYTES);
    });
    expect((await registry.getManifest('a/b', 'main'))?.digest).toBe(DIGEST);
    const [, second, third] = server.requests.map(({ atMs }) => atMs);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(950);
  });

  test('is given up in the end, with host, status, request and its own words', async () => {
    const registry = await open((_, response) => {
      response
        .writeHead(503)
        .end(JSON.stringify({ errors: [{ code: 'UNAVAILABLE', message: 'disk is gone' }] }));
    });
    const problem = await caught(registry.getManifest('a/b', 'main'));
    expect(problem.code).toBe('registry_failed');
    expect(problem.message).toBe(
      `The registry ${server.host} answered 503 to GET /v2/a/b/manifests/main: UNAVAILABLE disk is gone.`,
    );
    expect(lines()).toHaveLength(3);
  });

  test('is not asked again for what it has refused', async () => {
    const registry = await open((_, response) => response.writeHead(403).end('<html> no </html>'));
    expect((await caught(registry.getManifest('a/b', 'main'))).details).toMatchObject({
      status: 403,
      cause: '<html> no </html>',
    });
    expect(lines()).toHaveLength(1);
  });

  test('is asked again when a body breaks off', async () => {
    const registry = await open((_, response, number) => {
      response.writeHead(200, { 'content-type': TYPE, 'content-length': String(BYTES.length) });
      if (number > 1) response.end(BYTES);
      else response.write(BYTES.subarray(0, 20), () => response.destroy());
    });
    expect((await registry.getManifest('a/b', 'main'))?.digest).toBe(DIGEST);
  });

  test('is asked again when a connection breaks', async () => {
    const registry = await open((request, response, number) => {
      if (number === 1) request.socket.destroy();
      else response.writeHead(200, { 'content-type': TYPE }).end(BYTES);
    });
    expect((await registry.getManifest('a/b', 'main'))?.digest).toBe(DIGEST);
  });

  test('cannot pass another manifest off for the digest that was asked for', async () => {
    const registry = await open((_, response) =>
      response.writeHead(200, { 'content-type': TYPE }).end(BYTES),
    );
    const other = `sha256:${'0'.repeat(64)}`;
    const problem = await caught(registry.getManifest('a/b', other));
    expect(problem.code).toBe('digest_mismatch');
    expect(problem.details).toMatchObject({ seen: DIGEST, expected: other });
  });

  test('cannot pass another manifest off for a tag, against its own header', async () => {
    const registry = await open((_, response) =>
      response
        .writeHead(200, { 'content-type': TYPE, 'docker-content-digest': `sha256:${'0'.repeat(64)}` })
        .end(BYTES),
    );
    expect((await caught(registry.getManifest('a/b', 'main'))).code).toBe('digest_mismatch');
  });

  test('that sends a page for a manifest is named as such', async () => {
    const registry = await open((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    expect((await caught(registry.getManifest('a/b', 'main'))).message).toMatch(/not a manifest/);
  });

  test('that stores other bytes than were put is found out', async () => {
    const registry = await open((request, response) => {
      request.resume();
      response.writeHead(201, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end();
    });
    expect((await caught(registry.putManifest('a/b', 'main', manifest()))).code).toBe('digest_mismatch');
  });

  test('that does not answer is left when the work is cancelled', async () => {
    const registry = await open(() => undefined);
    const controller = new AbortController();
    const asked = registry.getManifest('a/b', 'main', controller.signal);
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
    expect(lines()).toHaveLength(1);
  });

  test('that takes a blob and answers nothing is asked again, then given up, with the limit named', async () => {
    server = await startFakeRegistry((request, response) => {
      if (request.method === 'GET') response.writeHead(200).end('five!');
      else if (request.method === 'POST') response.writeHead(202, { location: '/upload' }).end();
      else request.resume();
    });
    const registry = openRegistry({ host: server.host, insecure: true, credentials: null }, QUICK, 100);
    const problem = await caught(registry.copyBlob('a/b', BLOB, 'staging/a'));
    expect(problem.message).toBe(
      `The registry ${server.host} answered nothing to PUT /upload: no byte has moved, in either direction, within 0.1 s.`,
    );
    expect(lines().filter((line) => line.startsWith('PUT '))).toHaveLength(QUICK.attempts);
  });

  test('is waited for while a blob moves, however slowly', async () => {
    server = await startFakeRegistry((request, response) => {
      if (request.method === 'POST') return response.writeHead(202, { location: '/upload' }).end();
      if (request.method === 'PUT') return request.resume().on('end', () => response.writeHead(201).end());
      let left = BLOB.size;
      const timer = setInterval(() => {
        response.write('x');
        if ((left -= 1) > 0) return;
        clearInterval(timer);
        response.end();
      }, 100);
      return response.writeHead(200, { 'content-length': BLOB.size }).flushHeaders();
    });
    const registry = openRegistry({ host: server.host, insecure: true, credentials: null }, QUICK, 250);
    await registry.copyBlob('a/b', BLOB, 'staging/a');
    expect(lines().filter((line) => line.startsWith('PUT '))).toHaveLength(1);
  });

  test('is not slept for when the work is cancelled meanwhile', async () => {
    const registry = await open((_, response) => response.writeHead(429, { 'retry-after': '2' }).end());
    const controller = new AbortController();
    const asked = registry.getManifest('a/b', 'main', controller.signal);
    setTimeout(() => controller.abort(new Error('cancelled')), 50);
    const startedMs = Date.now();
    await expect(asked).rejects.toThrow();
    expect(Date.now() - startedMs).toBeLessThan(1_000);
  });
});

describe('authorization', () => {
  const LOGIN = { username: 'ci', password: 'pass' };
  const BASIC = `Basic ${Buffer.from('ci:pass').toString('base64')}`;

  test('sends Basic when it is asked for, and from then on unasked', async () => {
    const registry = await open((request, response) => {
      if (request.headers.authorization === BASIC) response.writeHead(200).end();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }, LOGIN);
    await registry.ping();
    await registry.ping();
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, BASIC, BASIC]);
  });

  test('gives up at once when the credentials are refused', async () => {
    const registry = await open((_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }, LOGIN);
    expect((await caught(registry.ping())).details['status']).toBe(401);
    expect(lines()).toHaveLength(2);
  });

  test('fetches a token for each scope with the credentials, and keeps it for its life', async () => {
    const registry = await open((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (url.pathname === '/token') {
        const token = url.searchParams.getAll('scope').join(' ');
        response.writeHead(200).end(JSON.stringify({ token, expires_in: 60 }));
      } else if (request.headers.authorization === undefined) {
        const realm = `Bearer realm="http://${server.host}/token",service="reg"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
      } else response.writeHead(request.method === 'POST' ? 201 : 200).end();
    }, LOGIN);
    expect(await registry.hasBlob('a/b', 'sha256:1')).toBe(true);
    expect(await registry.hasBlob('a/b', 'sha256:2')).toBe(true);
    expect(await registry.mountBlob('a/b', 'sha256:1', 'staging/a')).toBe(true);
    const [first, token, second, third] = server.requests;
    expect(first?.authorization).toBeUndefined();
    expect(token).toMatchObject({ authorization: BASIC });
    expect(token?.line).toBe('GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull&account=ci');
    expect([second, third].map((one) => one?.authorization)).toEqual(
      Array(2).fill('Bearer repository:a/b:pull'),
    );
    expect(server.requests.at(-1)?.authorization).toBe(
      'Bearer repository:a/b:pull,push repository:staging/a:pull',
    );
  });

  test('fetches a new token when the old one is refused', async () => {
    let valid = 't1';
    const registry = await open((request, response) => {
      const realm = `Bearer realm="http://${server.host}/token"`;
      if (request.url?.startsWith('/token') === true)
        response.writeHead(200).end(JSON.stringify({ access_token: valid, expires_in: 600 }));
      else if (request.headers.authorization === `Bearer ${valid}`) response.writeHead(200).end();
      else response.writeHead(401, { 'www-authenticate': realm }).end();
    }, LOGIN);
    await registry.ping();
    valid = 't2';
    await registry.ping();
    expect(server.requests.slice(3).map(({ authorization }) => authorization)).toEqual([
      'Bearer t1',
      BASIC,
      'Bearer t2',
    ]);
  });

  test('sends no credentials to another host that an upload is moved to', async () => {
    const elsewhere = await startFakeRegistry((request, response) => {
      request.resume();
      response.writeHead(201).end();
    });
    try {
      const registry = await open((request, response) => {
        request.resume();
        if (request.headers.authorization !== BASIC)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else if (request.method === 'POST')
          response.writeHead(202, { location: `http://${elsewhere.host}/upload?state=1` }).end();
        else response.writeHead(200, { 'content-length': '3' }).end('abc');
      }, LOGIN);
      await registry.copyBlob('a/b', { mediaType: 'x', digest: 'sha256:1', size: 3 }, 'staging/a');
      expect(elsewhere.requests).toMatchObject([
        { line: 'PUT /upload?state=1&digest=sha256%3A1', authorization: undefined },
      ]);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('mounting', () => {
  test('is a refusal, and the upload that was opened instead is cancelled', async () => {
    const registry = await open((request, response) => {
      if (request.method === 'POST')
        response.writeHead(202, { location: '/v2/a/b/blobs/uploads/7?s=x' }).end();
      else response.writeHead(204).end();
    });
    expect(await registry.mountBlob('a/b', 'sha256:1', 'staging/a')).toBe(false);
    expect(lines()).toEqual([
      'POST /v2/a/b/blobs/uploads/?mount=sha256%3A1&from=staging%2Fa',
      'DELETE /v2/a/b/blobs/uploads/7?s=x',
    ]);
  });
});

describe('tagging', () => {
  test('puts the very bytes of the digest under each tag that is not right yet', async () => {
    const put: { line: string; body: string; type: string | undefined }[] = [];
    const registry = await open((request, response) => {
      if (request.method === 'PUT') {
        let body = '';
        request.on('data', (part: Buffer) => (body += part.toString('utf8')));
        request.on('end', () => {
          put.push({ line: request.url ?? '', body, type: request.headers['content-type'] });
          response.writeHead(201, { 'docker-content-digest': DIGEST }).end();
        });
      } else if (request.url?.endsWith('/main') === true) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': TYPE, 'docker-content-digest': DIGEST })
          .end(request.method === 'GET' ? BYTES : undefined);
    });
    await tagImage({ registry, repository: 'a/b', digest: DIGEST, tags: ['main', 'v1'] });
    expect(put).toEqual([{ line: '/v2/a/b/manifests/main', body: BYTES.toString('utf8'), type: TYPE }]);
  });

  test('says that a digest is not there, and tags nothing', async () => {
    const registry = await open((_, response) => response.writeHead(404).end());
    const problem = await caught(tagImage({ registry, repository: 'a/b', digest: DIGEST, tags: ['main'] }));
    expect(problem.code).toBe('not_found');
    expect(lines().filter((line) => !/^(GET|HEAD) /.test(line))).toEqual([]);
    expect(lines()).toContain(`GET /v2/a/b/manifests/${DIGEST}`);
  });
});

function manifest(): Manifest {
  const parsed = parseManifest(BYTES, TYPE);
  if (parsed === null) throw new Error('the fixture is not a manifest');
  return parsed;
}

async function caught(promise: Promise<unknown>): Promise<Problem> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error(`expected a Problem, got ${String(error)}`);
  return error;
}
