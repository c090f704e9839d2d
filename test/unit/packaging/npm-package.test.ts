import { globSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const OLDEST_NODE = '22.19';

let manifest: Manifest;
let systemd: string;
beforeAll(async () => {
  manifest = JSON.parse(await textOf('package.json')) as Manifest;
  const operations = await textOf('docs/operations.md');
  systemd = operations.slice(operations.indexOf('### systemd'), operations.indexOf('## Backup and restore'));
});

it('has every file that docs/operations.md installs from it', () => {
  const named = [...systemd.matchAll(/\bpackaging\/[\w./*-]+/g)].map(([name]) => name);
  expect(named).toContain('packaging/systemd/*.service');
  const files = named.flatMap((name) => globSync(name, { cwd: ROOT }));
  expect(files.length).toBeGreaterThan(named.length);
  expect(files.filter((file) => !isPacked(file))).toEqual([]);
});

it('has every file of /opt/slipway that its units and docs/operations.md name', async () => {
  const folder = path.join(ROOT, 'packaging/systemd');
  const units = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name))));
  const named = [systemd, ...units].flatMap((text) =>
    [...text.toString().matchAll(/\/opt\/slipway\/([\w./-]+\w)/g)].map(([, file = '']) => file),
  );
  expect(named).toEqual(expect.arrayContaining(['dist/src/main.js', 'scripts/slipway.mjs']));
  expect(named.filter((file) => !isPacked(file))).toEqual([]);
});

/** `tls.setDefaultCACertificates`, which an authority of one's own takes, is no older. */
it('asks for the Node that its command and the docs ask for', async () => {
  const [major = '', minor = ''] = OLDEST_NODE.split('.');
  expect(manifest.engines.node).toBe(`>=${OLDEST_NODE}`);
  const lock = JSON.parse(await textOf('package-lock.json')) as { packages: Record<string, Manifest> };
  expect(lock.packages['']?.engines).toEqual(manifest.engines);
  expect(await textOf('docs/operations.md')).toContain(`A server needs Node ${OLDEST_NODE} or later`);
  expect(await textOf('scripts/slipway.mjs')).toContain(`it needs ${OLDEST_NODE} or later`);
  expect(await textOf('scripts/bootstrap.mjs')).toContain(`OLDEST_NODE = [${major}, ${minor}]`);
});

interface Manifest {
  readonly files: readonly string[];
  readonly engines: { readonly node: string };
}

/** By `files` of package.json, which has folders (`docs/`), files, and exceptions (`!docs/images/`). */
function isPacked(file: string): boolean {
  const isBelow = (entry: string): boolean => (entry.endsWith('/') ? file.startsWith(entry) : file === entry);
  const { files } = manifest;
  return (
    files.some((entry) => isBelow(entry)) &&
    !files.some((entry) => entry.startsWith('!') && isBelow(entry.slice(1)))
  );
}

function textOf(file: string): Promise<string> {
  return readFile(path.join(ROOT, file), 'utf8');
}
