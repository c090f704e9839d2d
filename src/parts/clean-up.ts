import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, isAlive, signalAll } from './processes.ts';

/** What a part leaves behind that its own end does not take along; plain data, so that a supervisor can take it. */
export interface CleanUp {
  /** An engine's folders: its containers' processes and shims are ended, its mounts undone. */
  readonly engine?: { readonly dataRoot: string; readonly execRoot: string };
  /** Commands run after the end, in order; a failing one is passed over. */
  readonly commands?: readonly (readonly [program: string, ...args: string[]])[];
  /** Files and folders removed at last. */
  readonly remove?: readonly string[];
}

/**
 * `help-to-end`: ends what holds the part's own orderly end up. `ended`: the part is gone, everything else goes.
 * Never throws; safe to repeat.
 */
export async function cleanUp(what: CleanUp, when: 'help-to-end' | 'ended'): Promise<void> {
  if (what.engine !== undefined) {
    await endAll(containerProcesses(what.engine.dataRoot));
    if (when === 'ended') await endEngine(what.engine);
  }
  if (when === 'help-to-end') return;
  for (const [program, ...args] of what.commands ?? []) await run(program, args);
  for (const target of what.remove ?? [])
    await rm(target, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
}

async function endEngine(engine: { readonly dataRoot: string; readonly execRoot: string }): Promise<void> {
  await endAll(findProcesses('cmdline', (text) => text.includes(`${engine.execRoot}/`)));
  await endAll(containerProcesses(engine.dataRoot));
  for (const root of [engine.execRoot, engine.dataRoot])
    for (const mount of mountsBelow(root)) await run('umount', ['-l', mount]);
  for (const bridge of bridgesOf(engine.dataRoot)) await run('ip', ['link', 'delete', bridge]);
}

/** Bridges that the engine's networks have left: their names stand in its store, as text between other bytes. */
function bridgesOf(dataRoot: string): string[] {
  const store = path.join(dataRoot, 'network/files/local-kv.db');
  const names = existsSync(store) ? (readFileSync(store, 'latin1').match(/br-[0-9a-f]{12}/g) ?? []) : [];
  return [...new Set(names)].filter((name) => existsSync(`/sys/class/net/${name}`));
}

/** Processes in the control groups of an engine's containers; the groups are named for the containers. */
function containerProcesses(dataRoot: string): number[] {
  const folder = path.join(dataRoot, 'containers');
  const ids = existsSync(folder) ? readdirSync(folder) : [];
  return ids.length === 0
    ? []
    : findProcesses('cgroup', (text) => ids.some((id) => id.length === 64 && text.includes(id)));
}

async function endAll(pids: readonly number[]): Promise<void> {
  signalAll(pids, 'SIGKILL');
  for (let tries = 0; tries < 200 && pids.some(isAlive); tries += 1) await sleep(10);
}

/** Mount points below a folder, the deepest first (proc(5): field 5, octal escapes). */
function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, unescapeOctal))
    .filter((point) => point.startsWith(`${folder}/`) || point === folder)
    .sort((a, b) => b.length - a.length);
}

const unescapeOctal = (_: string, digits: string): string => String.fromCharCode(Number.parseInt(digits, 8));

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 60_000, env: { ...process.env, PATH: withSbin() } }, () => resolve());
  });
}

/** Administrators' programs are not on every PATH. */
export const withSbin = (): string => `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
