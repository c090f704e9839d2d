import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findBinary } from '../../../src/parts/find-binary.ts';
import { FILES, MAPS } from '../../../worker/router/render-router.ts';
import { placesOf } from '../../../worker/router/generations.ts';
import { readMaps, readServers } from '../../../worker/router/running-state.ts';
import { connectRuntime, RouterAway, type RuntimeClient } from '../../../worker/router/runtime-client.ts';

/** What an HAProxy runs, a line for each server and each entry of a map; without what its checks found. */
export async function readRunning(client: RuntimeClient): Promise<readonly string[]> {
  const servers = [...(await readServers(client)).values()].map(
    ({ backend, server, address, port, ready }) =>
      `${backend}/${server} ${address}:${port} ${ready ? 'ready' : 'maint'}`,
  );
  const maps = await readMaps(client);
  const entries = MAPS.flatMap((name) =>
    [...maps[name].entries].map(([key, value]) => `${name} ${key} ${value}`),
  );
  return [...servers, ...entries].sort();
}

/**
 * What a restart would run: starts a second HAProxy from a copy of the directory's `current` files, changed only in
 * where it listens, and asks it. It takes no traffic and is gone when this resolves.
 */
export async function readFromFiles(dir: string): Promise<readonly string[]> {
  const copy = await mkdtemp(path.join(tmpdir(), 'slipway-second-'));
  const generation = await realpath(path.join(dir, 'current'));
  const { adminSocket, sideSocket } = placesOf(dir, 0);
  const second = path.join(copy, 'runtime.sock');
  await cp(generation, copy, { recursive: true });
  const config = (await readFile(path.join(copy, FILES.config), 'utf8'))
    .replaceAll(generation, copy)
    .replace(adminSocket, second)
    .replace(sideSocket, path.join(copy, 'side.sock'))
    .replace(/^ {4}bind 127\.0\.0\.1:\d+$/m, `    bind ${path.join(copy, 'public.sock')}`);
  await writeFile(path.join(copy, FILES.config), config);
  const child = spawn(findBinary(['haproxy']) ?? 'haproxy', ['-db', '-f', path.join(copy, FILES.config)], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const gone = once(child, 'exit');
  try {
    for (;;) {
      const lines = await readRunning(connectRuntime(second)).catch(nullWhileAway);
      if (lines !== null) return lines;
      if (child.exitCode !== null) throw new Error(`HAProxy does not start from ${generation}`);
    }
  } finally {
    child.kill('SIGKILL');
    await gone;
    await rm(copy, { recursive: true });
  }
}

function nullWhileAway(error: unknown): null {
  if (error instanceof RouterAway) return null;
  throw error;
}
