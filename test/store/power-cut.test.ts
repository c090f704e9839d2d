import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileLogStore } from '../../src/logs/file-log-store.ts';
import { keepAdminToken } from '../../src/secrets/admin-token-file.ts';
import { openKeyRing } from '../../src/secrets/key-ring.ts';
import type { Certificate } from '../../src/tls/certificate.ts';
import { copiesOf, writeCopies } from '../../worker/router/certificate-copies.ts';
import { placesOf } from '../../worker/router/generations.ts';
import { makeDisk, mayMakeDisks, type Disk } from '../experiments/path/disk.ts';

let dir: string;
let disk: Disk;

// A mount needs root.
describe.runIf(mayMakeDisks())('after the power went, the disk still has', () => {
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'slipway-power-'));
    disk = await makeDisk(path.join(dir, 'data'), 64 * 1024 ** 2);
  });
  afterEach(async () => {
    await disk.remove();
    await rm(dir, { recursive: true });
  });

  /** Cuts the power as soon as `act` has resolved, and gives back what it resolved with. */
  async function withPowerCutAfter<T>(act: () => Promise<T>): Promise<T> {
    const result = await act();
    await disk.powerOff();
    await disk.powerOn();
    return result;
  }

  it('the keys that secrets may be encrypted with', async () => {
    const file = path.join(disk.folder, 'server', 'keys');
    const { current } = await withPowerCutAfter(() => openKeyRing(file));
    expect((await openKeyRing(file)).current).toEqual(current);
  });

  it('the admin token that was recorded', async () => {
    const file = path.join(disk.folder, 'admin-token');
    const tokens = {
      list: async () => [],
      makeFirstAdminToken: async () => 'slw_first',
      make: () => Promise.reject(new Error('it is the first')),
    };
    await withPowerCutAfter(() => keepAdminToken({ tokens, clock: { nowMs: () => 0 }, file }));
    expect(await readFile(file, 'utf8')).toBe('slw_first\n');
  });

  it('the certificates that the router starts with, and their list', async () => {
    const router = path.join(disk.folder, 'router');
    await mkdir(router);
    const certificate: Certificate = {
      ...{ chain: 'chain\n', key: 'key\n', hosts: [] },
      ...{ fingerprint: 'AA', endsMs: 0 },
    };
    const copies = copiesOf(router, new Map([['default', certificate]]));
    if (copies === null) throw new Error('there is a certificate');
    await withPowerCutAfter(() => writeCopies(router, copies));
    const list = await readFile(placesOf(router, 0).certificates, 'utf8');
    expect(list).toContain(`${copies.fallback.file} !*`);
    expect(await readFile(copies.fallback.file, 'utf8')).toBe('chain\nkey\n');
  });

  it('what was acknowledged of a log in folders that were new', async () => {
    const folder = path.join(disk.folder, 'logs');
    const logId = 'att_01k9xft7g05fdav3q2f5asbzjw';
    const bytes = Buffer.from('one line\n');
    const segments = [{ length: bytes.length, timeMs: 0, stream: 'stdout' as const }];
    await withPowerCutAfter(async () => {
      const logs = openFileLogStore(folder);
      await logs.append([{ logId, offset: 0, segments, bytes, end: true }]);
      await logs.close();
    });
    const logs = openFileLogStore(folder);
    expect(await logs.state(logId)).toMatchObject({ bytes: bytes.length, sealed: true });
    await logs.close();
  });
});
