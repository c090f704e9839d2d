import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostVolumes } from '../../../../config/formats.ts';
import { whyNeverGiven, whyNeverWritten } from '../../../../src/core/host-path.ts';
import {
  demandHostVolumes,
  demandOutsideEngine,
  whyVolumesRefused,
} from '../../../../worker/steps/host-volumes.ts';
import { planOf, stepOf } from '../../../support/record.ts';

const FACTS = { version: '1', memoryBytes: 1, cpus: 1, architecture: 'x86_64' };
const ENGINE = { dockerHost: 'unix:///srv/engine/docker.sock', dataDir: '/srv/slipway' };

describe('what an operator allows', () => {
  test('is read with its mode, for reading alone unless it says more', () => {
    expect(hostVolumes.parse('/etc/ssl/certs, /srv//cache/:rw,/a b:ro')).toEqual([
      { path: '/etc/ssl/certs', readOnly: true },
      { path: '/srv/cache', readOnly: false },
      { path: '/a b', readOnly: true },
    ]);
    for (const wrong of ['srv', '/srv,', '/srv:x', '/srv/../etc', '~/x', '/a:/b'])
      expect(hostVolumes.safeParse(wrong).success, wrong).toBe(false);
  });

  test.each([
    '/',
    '//',
    '/.',
    '/var/run/docker.sock',
    '/run',
    '/run/containerd/containerd.sock',
    '/var',
    '/var/lib',
    '/var/lib/docker/volumes/x',
    '/proc/1/root',
    '/sys/fs/cgroup',
    '/dev/sda',
    '/etc',
    '/root',
    '/home',
    '/srv/x/../../etc',
  ])('%s is given by nobody', (one) => expect(whyNeverGiven(one)).not.toBeNull());

  test.each(['/etc/ssl/certs', '/usr/share/ca', '/opt/sdk', '/lib/x'])('%s is never written', (one) => {
    expect(whyNeverGiven(one)).toBeNull();
    expect(whyNeverWritten(one)).not.toBeNull();
  });

  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp('/tmp/slipway-host-volumes-');
    await mkdir(path.join(folder, 'real/inner'), { recursive: true });
    await symlink('/', path.join(folder, 'root'));
    await symlink('/var/run', path.join(folder, 'sockets'));
    await symlink(path.join(folder, 'real/inner'), path.join(folder, 'inner'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is looked at where it leads, and none is within another', async () => {
    const demand = (...given: readonly string[]) =>
      demandHostVolumes(
        given.map((one) => ({ path: one.replace('@', folder), readOnly: true })),
        ENGINE,
      );
    await demand('@/real');
    await demand('@/not-there', '/etc/ssl/certs');
    await expect(demand('@/root')).rejects.toThrow(/root cannot be given to builds: it leads to \/, and/);
    await expect(demand('@/sockets')).rejects.toThrow(/it leads to \/(var\/)?run, and/);
    await expect(demand('@/real', '@/real/inner')).rejects.toThrow(/inner cannot .* is within .*real/);
    await expect(demand('@/real', '@/inner')).rejects.toThrow(/inner cannot .* is within .*real/);
    await expect(demand('@/real', '@/real')).rejects.toThrow(/is within/);
    await expect(demand('/srv/engine')).rejects.toThrow(/docker.sock has the host/);
    await expect(demand('/srv/slipway/keys')).rejects.toThrow(/SLIPWAY_HOST_VOLUMES/);
    await expect(demand('/srv')).rejects.toThrow(/cannot be given/);
    const ledTo = { ...ENGINE, dataDir: path.join(folder, 'inner') };
    const data = [{ path: path.join(folder, 'real'), readOnly: true }];
    await expect(demandHostVolumes(data, ledTo)).rejects.toThrow(/inner has the host/);
    const written = [{ path: '/usr/local', readOnly: false }];
    await expect(demandHostVolumes(written, ENGINE)).rejects.toThrow(/writes to \/usr/);
  });
});

describe('a path that leads on', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp('/tmp/slipway-host-volumes-');
    for (const one of ['given/way', 'outside', 'links'])
      await mkdir(path.join(folder, one), { recursive: true });
    await symlink(path.join(folder, 'outside'), path.join(folder, 'given/link'));
    await symlink(path.join(folder, 'given/link'), path.join(folder, 'links/over'));
    await symlink(path.join(folder, 'given'), path.join(folder, 'links/given'));
    await symlink('/', path.join(folder, 'links/root'));
    await symlink('round', path.join(folder, 'links/round'));
    await symlink('../outside', path.join(folder, 'links/beside'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const demand = (...given: readonly string[]) =>
    demandHostVolumes(
      given.map((one) => ({ path: one.replace('@', folder), readOnly: false })),
      ENGINE,
    );

  test('by a link that builds may write is within what is given, wherever it leads now', async () => {
    await expect(demand('@/given', '@/given/link')).rejects.toThrow(/link cannot .* is within .*given/);
    await expect(demand('@/given', '@/links/over')).rejects.toThrow(/over cannot .* is within .*given/);
    await expect(demand('@/given', '@/links/given/link')).rejects.toThrow(/is within .*given/);
    await expect(demand('@/links/given', '@/given/way')).rejects.toThrow(/way cannot .* is within/);
  });

  test('is looked at as far as it is there', async () => {
    await expect(demand('@/links/root/run/not-there.sock')).rejects.toThrow(/leads to \/run\/not-there.sock/);
    await expect(demand('@/given', '@/links/given/not-there')).rejects.toThrow(/is within .*given/);
  });

  test('is given where no build can turn it elsewhere', async () => {
    await demand('@/given', '@/links/beside');
    await demand('@/links/over');
    await demand('@/links/round');
    await demand('@/links/given/way', '@/links/given/other');
  });
});

describe('a workflow that asks for a path of the host', () => {
  const ALLOWED = [
    { path: '/srv/ca', readOnly: true },
    { path: '/srv/cache', readOnly: false },
  ];
  const why = (host: string, readOnly: boolean, isTrusted: boolean | undefined = true) =>
    whyVolumesRefused(
      {
        plan: planOf({ steps: [stepOf('a', { volumes: [{ host, path: '/x', readOnly }] })] }),
        ...(isTrusted === undefined ? {} : { isTrusted }),
      },
      ALLOWED,
    );

  test('gets what is allowed, as it is allowed', () => {
    expect(why('/srv/ca', true)).toBeNull();
    expect(why('/srv/cache', true)).toBeNull();
    expect(why('/srv/cache', false)).toBeNull();
    expect(why('/srv/ca', false)).toContain('The step `a` mounts /srv/ca of the worker’s host at /x');
    expect(why('/srv/ca', false)).toContain('for reading alone');
  });

  test('gets nothing else: nothing below, where a build may have left a link, and nothing beside', () => {
    expect(why('/srv/cache/link', true)).toContain('allows /srv/cache, and nothing below it');
    expect(why('/srv/cache-2', true)).toContain('allows no such path');
    expect(why('/srv', true)).toContain('allows no such path');
    expect(why('/srv/other', true)).toContain('SLIPWAY_HOST_VOLUMES');
  });

  test('of a fork, or of a server that does not say whose it is, gets none', () => {
    expect(why('/srv/ca', true, false)).toContain('the build is of a fork');
    const { plan } = {
      plan: planOf({ steps: [stepOf('a', { volumes: [{ host: '/srv/ca', path: '/x', readOnly: true }] })] }),
    };
    expect(whyVolumesRefused({ plan }, ALLOWED)).toContain('the build is of a fork');
  });

  test('never gets what has the folder of its engine in it, wherever that is', async () => {
    const demand = (host: string) =>
      demandOutsideEngine(
        { facts: async () => ({ ...FACTS, folder: '/data/engine' }) },
        planOf({ steps: [stepOf('a', { volumes: [{ host, path: '/x', readOnly: true }] })] }),
      );
    for (const one of ['/data', '/data/engine', '/data/engine/volumes/x'])
      await expect(demand(one), one).rejects.toThrow(
        /step `a` mounts .* who has \/data\/engine has the host/,
      );
    await demand('/data/engines');
    const lost = { facts: () => Promise.reject(new Error('asked')) };
    await demandOutsideEngine(lost, planOf());
  });

  test('is not refused for a step that this event leaves out', () => {
    const step = stepOf('a', { selected: false, volumes: [{ host: '/x', path: '/x', readOnly: true }] });
    expect(whyVolumesRefused({ plan: planOf({ steps: [step] }), isTrusted: true }, ALLOWED)).toBeNull();
  });
});
