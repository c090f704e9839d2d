import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly depends_on?: readonly string[];
}

const ROOT = path.resolve(import.meta.dirname, '../../..');

let services: Readonly<Record<string, Service>>;
let commands: readonly string[];
beforeAll(async () => {
  const text = await readFile(path.join(ROOT, 'compose.yml'), 'utf8');
  ({ services } = parse(text, { merge: true }) as { services: Record<string, Service> });
  const operations = await readFile(path.join(ROOT, 'docs/operations.md'), 'utf8');
  const upgrade = operations.slice(operations.indexOf('## Upgrade'), operations.indexOf('## TLS'));
  commands = [...upgrade.matchAll(/`docker compose (up [^`]+)`/g)].map(([, command = '']) => command);
});

it('makes server and worker anew and nothing beside them, by the command of docs/operations.md', () => {
  const [command = ''] = commands;
  expect([...madeAnew(command)].sort()).toEqual(['server', 'worker']);
});

it('would make the router anew without `--no-deps`, since that is of the same image', () => {
  expect(madeAnew('up -d server worker')).toContain('router');
  expect(services['router']?.image).toBe(services['server']?.image);
});

/** What has another image than before, of the services that `up` looks at: with what they depend on, unless told not to. */
function madeAnew(command: string): readonly string[] {
  const words = command.split(' ').slice(1);
  const named = words.filter((word) => !word.startsWith('-'));
  const looked = named.length === 0 ? Object.keys(services) : named;
  const all = words.includes('--no-deps') ? looked : withDependencies(looked);
  return all.filter((name) => services[name]?.image === '${SLIPWAY_IMAGE}');
}

function withDependencies(names: readonly string[]): readonly string[] {
  const found = new Set(names);
  for (const name of found) for (const other of services[name]?.depends_on ?? []) found.add(other);
  return [...found];
}
