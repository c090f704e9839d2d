import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TIMES } from '../../config/times.ts';
import { startRegistry, type RegistryPart } from '../../src/parts/registry.ts';
import { runWorkflow } from '../support/record.ts';
import { waitFor } from '../support/wait.ts';
import { smallManifest, stage } from './put-image.ts';
import { startServerSide, type ServerSide } from './server-side.ts';
import { startStrictRegistry } from './strict-registry.ts';

let dir: string;
let part: RegistryPart;
let server: ServerSide;
let image = 0;
/** Of the image; another in each test. */
let text: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'registry-test-'));
  part = await startRegistry({ dir });
});
afterAll(async () => {
  await part.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  text = `image ${(image += 1)}`;
  server = await startServerSide(part.host);
});
afterEach(() => server.close());

describe('what a lost worker has staged', () => {
  it('is deleted, and nothing of a worker that is at work', async () => {
    const lost = await server.claimed();
    await stage(part.host, 'shop/web', lost.lease.open.id, text);
    const bob = await server.record.worker('bob');
    const { lease: working } = await server.claimed(bob);
    await stage(part.host, 'shop/web', working.open.id, `${text}, another`);
    await stage(part.host, 'shop/web', 'lea_of_another_server', `${text}, a stranger's`);
    await server.ada.restart();
    await waitFor('it is gone', async () => !(await server.staged()).includes(lost.lease.open.id));
    expect(await server.staged()).toEqual(expect.arrayContaining([working.open.id, 'lea_of_another_server']));
    await server.end(working, 'failure');
    await waitFor('the other is gone', async () => !(await server.staged()).includes(working.open.id));
    await server.registry.deleteManifest(
      'slipway-staging/shop/web',
      smallManifest(`${text}, a stranger's`).digest,
    );
  });

  it('stays while another lease has staged the same digest, and goes with that', async () => {
    const lost = await server.claimed();
    await stage(part.host, 'shop/web', lost.lease.open.id, text);
    const bob = await server.record.worker('bob');
    const { lease: working } = await server.claimed(bob);
    await stage(part.host, 'shop/web', working.open.id, text);
    await server.ada.restart();
    await waitFor('it was looked at', async () =>
      (await server.effects('clear-staging'))[0]?.startsWith('done'),
    );
    expect(await server.staged()).toHaveLength(2);
    await runWorkflow(working, 'failure');
    await waitFor('both are gone', async () => (await server.staged()).length === 0);
  });

  it('is deleted when the registry is back that was away', async () => {
    const lost = await server.claimed();
    await stage(part.host, 'shop/web', lost.lease.open.id, text);
    expect(await server.staged()).toHaveLength(1);
    await part.stop();
    await server.ada.restart();
    await waitFor(
      'it was tried',
      async () => (await server.effects('clear-staging'))[0]?.startsWith('pending: The registry'),
      30_000,
    );
    part = await startRegistry({ dir });
    await waitFor('it is gone', async () => (await server.staged()).length === 0, 30_000);
  });

  it('is found later when its engine pushed it after all, by the end of any lease or by the late look', async () => {
    const lost = await server.claimed();
    await server.ada.restart();
    await waitFor('it was looked at', async () =>
      (await server.effects('clear-staging'))[0]?.startsWith('done'),
    );
    await stage(part.host, 'shop/web', lost.lease.open.id, text);
    await server.end((await server.claimed()).lease, 'failure');
    await waitFor('the next build has cleared it', async () => (await server.staged()).length === 0);
    await stage(part.host, 'shop/web', lost.lease.open.id, text);
    server.record.clock.now += TIMES.lateStaging;
    server.record.store.tell({ kind: 'outbox', id: '' });
    await waitFor('the late look has cleared it', async () => (await server.staged()).length === 0);
  });

  it('is given up with an event where the registry refuses deletes', async () => {
    const strict = await startStrictRegistry();
    await server.close();
    server = await startServerSide(strict.host);
    try {
      const { buildId, lease } = await server.claimed();
      await stage(strict.host, 'shop/web', lease.open.id, text);
      await server.end(lease, 'failure');
      const { detail_json } = await waitFor('an event tells it', () =>
        server.record.store.db
          .selectFrom('event')
          .select('detail_json')
          .where('type', '=', 'build.staging_left')
          .where('build_id', '=', buildId)
          .executeTakeFirst(),
      );
      expect(detail_json).toMatch(/answered 405 to DELETE .*UNSUPPORTED/);
      expect(await server.effects('clear-staging')).toMatchObject([
        expect.stringMatching(/^failed: .* 405 /),
      ]);
      expect(await server.staged()).toEqual([lease.open.id]);
    } finally {
      await strict.stop();
    }
  });
});
