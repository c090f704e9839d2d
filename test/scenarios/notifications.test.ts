import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NotificationTargetView } from '../../src/core/notification.ts';
import type { Page } from '../../src/core/views/page.ts';
import { endOf, push } from '../support/builds.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { waitFor } from '../support/wait.ts';
import { startWorld, type World } from './support/world.ts';

const SECRET = 'what signs the messages';
const BROKEN = { 'slipway.yml': 'steps: [{}]\n' };

interface Received {
  readonly id: string;
  readonly signature: string;
  readonly body: string;
}

let world: World;
let smtp: TestSmtpServer;
let receiver: Server;
let received: Received[];
/** Answers the requests; one that it does not end hangs. */
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  smtp = await startSmtpServer();
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({
        id: String(request.headers['x-slipway-delivery']),
        signature: String(request.headers['x-slipway-signature-256']),
        body: Buffer.concat(parts).toString(),
      });
      answer(response);
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  world = await startWorld({
    worker: false,
    env: {
      SLIPWAY_NOTIFY_NETWORKS: '127.0.0.1',
      SLIPWAY_SMTP_HOST: '127.0.0.1',
      SLIPWAY_SMTP_PORT: String(smtp.port),
      SLIPWAY_SMTP_TLS: 'none',
      SLIPWAY_SMTP_FROM: 'Slipway <ci@example.com>',
    },
  });
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await smtp.close();
  await world?.stop();
});

async function addTarget(project: string, target: object): Promise<void> {
  const path = `/projects/${encodeURIComponent(project)}/notifications`;
  await world.system.api('POST', path, { events: ['build.failed'], ...target });
}
const webhook = () => ({
  kind: 'webhook',
  url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
  secret: SECRET,
});
const lastOf = async (project: string) => {
  const path = `/projects/${encodeURIComponent(project)}/notifications`;
  const { items } = await world.system.api<Page<NotificationTargetView>>('GET', path);
  return items[0]?.last?.state;
};

it('a failed build is told by a webhook that the receiver can verify, and by an e-mail', async () => {
  received = [];
  answer = (response) => void response.writeHead(200).end();
  const repository = await world.addProject('told/both', BROKEN);
  await addTarget('told/both', webhook());
  await addTarget('told/both', { kind: 'email', addresses: ['ada@example.com', 'bob@example.com'] });
  const id = await push(world.system, repository, BROKEN, { message: 'Misspell a key' });
  await endOf(world.system, id);
  await waitFor('all are told', async () => received.length > 0 && smtp.mails.length > 1);
  const [{ body, signature } = { body: '', signature: '' }] = received;
  expect(signature).toBe(`sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`);
  expect(JSON.parse(body)).toMatchObject({
    event: 'build.failed',
    project: 'told/both',
    url: `${world.system.url}/builds/${id}`,
    build: { id, number: 1, status: 'failure', ref: 'main', message: 'Misspell a key' },
    deployment: null,
  });
  expect(smtp.mails.map(({ to }) => to).toSorted()).toEqual([['ada@example.com'], ['bob@example.com']]);
  for (const { text } of smtp.mails) {
    expect(text).toMatch(/^Subject: \[told\/both\] Build #1 of main failed\r$/m);
    expect(text).toContain(`/builds/${id}`);
  }
});

it('a server that is killed while it tells goes on after its start, under the same id, and then not again', async () => {
  const { system } = world;
  received = [];
  answer = () => undefined;
  const repository = await world.addProject('told/killed', BROKEN);
  await addTarget('told/killed', webhook());
  await push(system, repository, BROKEN);
  await waitFor('the receiver is asked', async () => received.length === 1);
  expect(await lastOf('told/killed')).toBe('pending');
  await restart();
  await waitFor('the receiver is asked again', async () => received.length === 2);
  answer = (response) => void response.writeHead(503).end();
  receiver.closeAllConnections();
  await waitFor('it is tried again', async () => received.length >= 4);
  answer = (response) => void response.writeHead(200).end();
  await waitFor('it is taken', async () => (await lastOf('told/killed')) === 'done');
  expect(new Set(received.map(({ id }) => id)).size).toBe(1);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  const taken = received.length;
  await restart();
  // Whatever is due at a start is done before a message that comes after it.
  await addTarget('told/killed', { ...webhook(), events: ['build.ended'] });
  await push(system, repository, BROKEN, { message: 'Again' });
  await waitFor('the next is told to both', async () => received.length === taken + 2);
  const again = received
    .slice(taken)
    .map(({ body }) => (JSON.parse(body) as { build: { number: number } }).build.number);
  expect(again).toEqual([2, 2]);
});

async function restart(): Promise<void> {
  const { system } = world;
  const { server } = system;
  server?.kill('SIGKILL');
  if (server !== null) await once(server, 'exit');
  await system.startServer();
}
