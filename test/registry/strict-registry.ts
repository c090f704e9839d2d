import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findBinary } from '../../src/parts/find-binary.ts';
import { freePort } from '../../src/parts/registry.ts';
import { waitFor } from '../support/wait.ts';

/** A real registry that refuses every delete, as distribution does unless it is told otherwise. */
export async function startStrictRegistry(): Promise<{ readonly host: string; stop(): Promise<void> }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'registry-test-'));
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(dir, 'data') } },
    http: { addr: host },
  };
  writeFileSync(path.join(dir, 'config.yml'), JSON.stringify(config));
  const program = findBinary(['docker-registry', 'registry']) ?? 'docker-registry';
  const child = spawn(program, ['serve', path.join(dir, 'config.yml')], { stdio: 'ignore' });
  await waitFor(
    'the registry answers',
    async () => (await fetch(`http://${host}/v2/`).catch(() => null))?.ok,
  );
  return {
    host,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
