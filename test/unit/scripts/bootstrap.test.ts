import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

/* `scripts/bootstrap.mjs` in a project of its own whose only package is `node`, and that has no npm. */
let project: string;
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'slipway-bootstrap-'));
  mkdirSync(path.join(project, 'scripts'));
  mkdirSync(path.join(project, 'node_modules/node'), { recursive: true });
  cpSync(
    path.resolve(import.meta.dirname, '../../../scripts/bootstrap.mjs'),
    path.join(project, 'scripts/bootstrap.mjs'),
  );
  write('which.mjs', 'process.stdout.write(process.execPath);\n');
});
afterEach(() => rmSync(project, { recursive: true }));

it('takes the Node that runs it, where that is of the major version of the package', () => {
  withNode(process.versions.node.replace(/\..*/, '.0.0'));
  expect(bootstrap()).toMatchObject({ status: 0, stdout: process.execPath, stderr: '' });
});

it('fetches the Node of the package where the one that runs it is another', () => {
  withNode('99.0.0');
  const { status, stderr } = bootstrap();
  expect(status).not.toBe(0);
  expect(stderr).toContain('fetching Node 99.0.0');
});

function write(name: string, text: string): void {
  writeFileSync(path.join(project, name), text);
}

function withNode(version: string): void {
  const lock = JSON.stringify({ packages: { '': {}, 'node_modules/node': { version } } });
  write('package-lock.json', lock);
  write('node_modules/.package-lock.json', lock);
  write('node_modules/node/package.json', JSON.stringify({ version }));
}

function bootstrap(): { status: number | null; stdout: string; stderr: string } {
  const args = [path.join(project, 'scripts/bootstrap.mjs'), 'which.mjs'];
  return spawnSync(process.execPath, args, { env: { PATH: '/nowhere', HOME: project }, encoding: 'utf8' });
}
