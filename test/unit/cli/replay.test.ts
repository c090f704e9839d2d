import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replayCaches } from '../../../src/cli/replay/about-build.ts';
import type { ReplayView } from '../../../src/core/views/replay-view.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { planOf, stepOf } from '../../support/record.ts';

const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');

let folder: string;
let server: Server;
let view: ReplayView;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-of-replay-'));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
  git('init', '--quiet');
  git('-c', 'user.name=Ada', '-c', 'user.email=ada@x', 'commit', '--quiet', '--allow-empty', '-m', 'First');
  const steps = [stepOf('unit', { environment: { TOKEN: { fromSecret: 'token' } } })];
  view = {
    ...{ id: 'bld_1', number: 2, projectPath: 'shop/web', pullRequest: null, failedPartOf: null },
    clone: {
      url: 'https://git.example.invalid/shop/web.git',
      ref: 'refs/heads/main',
      commit: git('rev-parse', 'HEAD').trim(),
    },
    workflows: [
      {
        ...{ name: 'default', dependsOn: [], runsOn: ['success'], matrix: null },
        ...{ status: 'failure', variables: {}, image: null, plan: { ...planOf({ steps }), image: null } },
      },
    ],
  };
  server = createServer((_, response) => response.end(JSON.stringify(view)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Comes as far as an engine that there is none of. */
async function replay(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, 'replay', 'bld_1', '--plain', ...args], {
    cwd: folder,
    env: {
      ...nodeEnvironment(),
      SLIPWAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      SLIPWAY_TOKEN: 'any',
      DOCKER_HOST: 'unix:///nowhere.sock',
      TOKEN: 'secret',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const [stderr] = await Promise.all([text(child.stderr), text(child.stdout)]);
  return { status: await closed, stderr };
}

it('asks for no secret of a build that had none, as of a pull request from a fork, and takes none', async () => {
  const asked = await replay();
  expect(asked).toMatchObject({ status: 2 });
  expect(asked.stderr).toContain('the run needs the secret token');
  view = { ...view, pullRequest: { number: 7, isTrusted: true } };
  expect((await replay()).stderr).toContain('the run needs the secret token');

  view = { ...view, pullRequest: { number: 7, isTrusted: false } };
  const { status, stderr } = await replay();
  expect(stderr).toContain('Pull request 7 is from a fork: it has no secrets and no logins here either.');
  expect(stderr).toContain('No Docker engine answers at unix:///nowhere.sock.');
  expect(status).toBe(1);
  const given = await replay('--secret', 'token');
  expect(given).toMatchObject({ status: 2 });
  expect(given.stderr).toContain('a pull request from a fork, which gets no secrets: leave --secret out');
});

it('says that all of the plan runs of a build that ran only what had failed', async () => {
  const told = 'It ran only what had failed of #1: here all of its plan runs.';
  expect((await replay('--secret', 'token')).stderr).not.toContain('what had failed');
  view = { ...view, failedPartOf: 1 };
  expect((await replay('--secret', 'token')).stderr).toContain(told);
});

it('replays a build of an older server, which says neither what it was of nor of which part', async () => {
  view = { ...view, pullRequest: undefined, failedPartOf: undefined } as unknown as ReplayView;
  const { status, stderr } = await replay('--secret', 'token');
  expect(stderr).toContain('No Docker engine answers at unix:///nowhere.sock.');
  expect(status).toBe(1);
});

it('has caches of its own for each server, project, branch, tag and pull request', () => {
  const of = (
    pullRequest: ReplayView['pullRequest'],
    projectPath = 'shop/web',
    ref = `refs/${pullRequest === null ? 'heads/main' : `pull/${pullRequest.number}/head`}`,
  ) => ({ ...view, ...{ projectPath, pullRequest }, clone: { ...view.clone, ref } });
  const names = [
    replayCaches('https://a.test', of(null)),
    replayCaches('https://b.test', of(null)),
    replayCaches('https://a.test', of(null, 'shop/api')),
    replayCaches('https://a.test', of(null, 'shop/web', 'refs/heads/feature')),
    replayCaches('https://a.test', of(null, 'shop/web', 'refs/tags/main')),
    replayCaches('https://a.test', of({ number: 7, isTrusted: true })),
    replayCaches('https://a.test', of({ number: 8, isTrusted: true })),
    replayCaches('https://a.test', of({ number: 7, isTrusted: false })),
  ];
  expect(new Set(names).size).toBe(names.length);
  const ofOlder = { ...of(null), number: 3, pullRequest: undefined } as unknown as ReplayView;
  expect(replayCaches('https://A.test/', ofOlder)).toBe(names[0]);
});
