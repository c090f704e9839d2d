import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForbiddenAddress, postGuarded, type PostGuard } from '../../../src/outbox/post-guarded.ts';
import { isPublicAddress, rangesOf } from '../../../src/outbox/public-address.ts';

describe('an address', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'localhost',
    '',
  ])('%s is not a public one', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450::1'])(
    '%s is a public one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
});

describe('a POST to an address that a user chose', () => {
  const seen: { url: string; host: string; body: string }[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let server: Server;
  let port: number;
  beforeEach(async () => {
    seen.length = 0;
    answer = (_request, response) => response.writeHead(204).end();
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        seen.push({
          url: request.url ?? '',
          host: request.headers.host ?? '',
          body: Buffer.concat(parts).toString(),
        });
        answer(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const send = (url: string, guard: Partial<PostGuard> = {}) =>
    postGuarded(
      { url, body: '{"a":"ä"}', headers: { 'content-type': 'application/json' } },
      { allowed: rangesOf([]), ...guard },
      AbortSignal.timeout(5_000),
    );
  const local = { allowed: rangesOf(['127.0.0.0/8']) };

  it('comes to an allowed private address, whole', async () => {
    expect(await send(`http://127.0.0.1:${port}/hook?x=1`, local)).toBe(204);
    expect(seen).toEqual([{ url: '/hook?x=1', host: `127.0.0.1:${port}`, body: '{"a":"ä"}' }]);
  });

  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433', 'localhost'])(
    'is not sent to %s unless the operator allows it',
    async (host) => {
      await expect(send(`http://${host}:${port}/`)).rejects.toBeInstanceOf(ForbiddenAddress);
      expect(seen).toEqual([]);
    },
  );

  it('is not sent where a public name resolves to a private address', async () => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    await expect(send(`http://hook.example.com:${port}/`, { resolve })).rejects.toBeInstanceOf(
      ForbiddenAddress,
    );
    expect(seen).toEqual([]);
  });

  it('connects to the address that was looked at, however the name resolves afterwards', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    expect(await send(`http://hook.example.com:${port}/`, { ...local, resolve })).toBe(204);
    expect(asked).toBe(1);
    expect(seen[0]?.host).toBe(`hook.example.com:${port}`);
  });

  it('connects to none of the private addresses beside a public one', async () => {
    const resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '192.0.0.9', family: 4 },
    ];
    const allowed = rangesOf(['192.0.0.9']);
    await expect(
      postGuarded(
        { url: `http://hook.example.com:${port}/`, body: '', headers: {} },
        { allowed, resolve },
        AbortSignal.timeout(300),
      ),
    ).rejects.toThrow();
    expect(seen).toEqual([]);
  });

  it('waits for no name server longer than for the answer', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    await expect(
      postGuarded(
        { url: 'http://hook.example.com/', body: '', headers: {} },
        { ...local, resolve },
        AbortSignal.timeout(50),
      ),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('does not follow a redirect', async () => {
    answer = (_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${port}/other` }).end();
    expect(await send(`http://127.0.0.1:${port}/`, local)).toBe(307);
    expect(seen).toHaveLength(1);
  });

  it('does not wait for the end of an answer', async () => {
    answer = (_request, response) => response.writeHead(200).write('x'.repeat(1_000));
    expect(await send(`http://127.0.0.1:${port}/`, local)).toBe(200);
  });
});
