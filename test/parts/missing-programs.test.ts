import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testParts } from '../support/parts.ts';
import { runWithFewPrograms, type FewPrograms } from './few-programs.ts';

const TEST = ['scripts/test.ts'];
const DEMO = ['demo/demo.ts', '--json'];
const LACKING = ['redis-server', 'valkey-server', 'haproxy'];
/** Before the first `apt-get update` nothing tells which packages there are. */
const installing = (sudo: string, ...packages: string[]): string =>
  `(${sudo}apt-get update && )?${sudo}apt-get install --no-install-recommends ${packages.join(' ')}`;
const hasUsers = spawnSync('unshare', ['--user', '--map-user=65534', 'true']).status === 0;

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-few-'));
  await chmod(dir, 0o755);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the set-up of `npm test` without some programs', () => {
  it('asks apt for them where it may', async () => {
    const { code, output, asked } = await run({ without: LACKING, script: TEST });
    expect(asked).toMatch(/^\S.* update -q\n$/);
    expect(output).toContain('set-up: redis-server, haproxy is not on this machine\n');
    expect(code).toBe(1);
  });

  it('prints the exact command and installs nothing where that is forbidden', async () => {
    const env = { SLIPWAY_INSTALL: '0' };
    await expectCommand({ without: LACKING, script: TEST, env }, installing('', 'redis-server', 'haproxy'));
  });

  it.skipIf(!hasUsers)('prints the exact command with sudo to others than root', async () => {
    const command = installing('sudo ', 'redis-server', 'haproxy');
    await expectCommand({ without: LACKING, script: TEST, asUser: true }, command);
  });

  it('names what to install where there is no apt', async () => {
    const without = [...LACKING, 'apt-get'];
    await expectCommand({ without, script: TEST }, 'install redis-server haproxy');
  });
});

describe('the set-up of `npm run demo` without some programs', () => {
  const env = { DOCKER_HOST: testParts().dockerHost, SLIPWAY_INSTALL: '0' };

  it('prints the exact command for what no image can stand in for', async () => {
    const output = await expectCommand({ without: ['git'], script: DEMO, env }, installing('', 'git'));
    expect(JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ ok: false });
  });

  it('prints the exact command where the image cannot be had either', async () => {
    const images = { ...env, SLIPWAY_HAPROXY_IMAGE: '127.0.0.1:1/no/haproxy:1' };
    const output = await expectCommand(
      { without: ['haproxy'], script: DEMO, env: images },
      installing('', 'haproxy'),
    );
    expect(output).toContain('127.0.0.1:1/no/haproxy:1');
  });
});

const run = (programs: FewPrograms) => runWithFewPrograms(dir, programs);

/** It ended with the command and nothing else; returns what it printed. */
async function expectCommand(programs: FewPrograms, command: string): Promise<string> {
  const { code, output, asked } = await run(programs);
  expect(output).toMatch(new RegExp(`^Run: ${command}$`, 'm'));
  expect(output).toContain(' is not on this machine.\n');
  expect(code).toBe(1);
  expect(asked).toBe('');
  expect(output, 'nothing went on').not.toMatch(/\d+ passed|Everything was observed/);
  return output;
}
