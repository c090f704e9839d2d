import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/core/id.ts';
import type { LogStream } from '../../src/core/log.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import type { WorkflowLabels } from '../../worker/engine/labels.ts';
import type { LogSink } from '../../worker/log-sink.ts';
import { findHelper } from '../../worker/steps/find-helper.ts';

/** The engine that the tests share; it is named by the environment. */
export function sharedEngine(): Engine {
  return connectEngine(process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock');
}

/** A fresh owner of everything that one test makes in the engine. */
export function testLabels(worker = 'test'): WorkflowLabels {
  return { build: newId('bld'), workflow: newId('wfl'), lease: newId('lea'), worker };
}

/** Imports an image of one layer: the busybox with the named programs, and settings as Dockerfile instructions. */
export async function importBusyboxImage(
  engine: Engine,
  name: string,
  programs: readonly string[],
  instructions: readonly string[] = [],
): Promise<void> {
  const root = fs.mkdtempSync(path.join(tmpdir(), 'slipway-image-'));
  try {
    for (const folder of ['bin', 'etc', 'app']) fs.mkdirSync(path.join(root, folder));
    fs.mkdirSync(path.join(root, 'tmp'));
    fs.chmodSync(root, 0o755);
    fs.chmodSync(path.join(root, 'tmp'), 0o1777);
    fs.copyFileSync(
      await findHelper(null, (await engine.facts()).architecture),
      path.join(root, 'bin/busybox'),
    );
    for (const program of programs) fs.symlinkSync('busybox', path.join(root, 'bin', program));
    fs.writeFileSync(
      path.join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:ann:/home/ann:/bin/sh\n',
    );
    const { stdout } = spawnSync('tar', ['-C', root, '-cf', '-', '.'], { maxBuffer: 64 * 1024 ** 2 });
    const [repo, tag] = name.split(':');
    const answer = await engine.docker.importImage(Readable.from([stdout]), {
      repo,
      tag: tag ?? 'latest',
      ...(instructions.length === 0 ? {} : { changes: instructions.join('\n') }),
    });
    const said = await text(answer);
    if (said.includes('"error"')) throw new Error(said);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

/** The programs of an ordinary image. */
export const ORDINARY = [
  ...['sh', 'ls', 'cat', 'sleep', 'kill', 'dd', 'yes', 'head', 'echo', 'id', 'tail', 'true', 'false'],
  ...[
    'nc',
    'wget',
    'hostname',
    'touch',
    'mkdir',
    'rm',
    'pwd',
    'env',
    'setsid',
    'grep',
    'test',
    'httpd',
    'stat',
  ],
];

/** A sink in memory: keeps the first `keep` bytes, and makes the reader wait for `onBytes`. */
export class TestSink implements LogSink {
  readonly pieces: { readonly stream: LogStream; readonly text: string }[] = [];
  bytes = 0;
  ended = false;
  readonly #keep: number;
  readonly #onBytes: (bytes: Uint8Array) => void | Promise<void>;

  constructor(onBytes: (bytes: Uint8Array) => void | Promise<void> = () => undefined, keep = 64 * 1024) {
    this.#onBytes = onBytes;
    this.#keep = keep;
  }

  async write(stream: LogStream, bytes: Uint8Array): Promise<void> {
    if (this.ended) throw new Error('a write after the end of the log');
    if (this.bytes < this.#keep) this.pieces.push({ stream, text: Buffer.from(bytes).toString() });
    this.bytes += bytes.length;
    await this.#onBytes(bytes);
  }

  async say(line: string): Promise<void> {
    await this.write('system', Buffer.from(`${line}\n`));
  }

  async end(): Promise<number> {
    if (this.ended) throw new Error('the log was ended twice');
    this.ended = true;
    return this.bytes;
  }

  text(...streams: readonly LogStream[]): string {
    return this.pieces
      .filter((piece) => streams.length === 0 || streams.includes(piece.stream))
      .map((piece) => piece.text)
      .join('');
  }
}

/** What is left in the engine of a lease: ids of containers, names of networks and volumes. */
export async function leftOf(engine: Engine, labels: Pick<WorkflowLabels, 'lease'>): Promise<string[]> {
  const owned = await engine.listOwned([`${LABELS.lease}=${labels.lease}`]);
  return [...owned.containers, ...owned.networks, ...owned.volumes].map((thing) => thing.id);
}

/** Waits until `what` holds; returns how long that took, in ms. */
export async function eventually(what: () => Promise<boolean> | boolean, mostMs: number): Promise<number> {
  const startMs = Date.now();
  while (!(await what())) {
    if (Date.now() - startMs > mostMs) throw new Error(`not within ${mostMs} ms`);
    await sleep(20);
  }
  return Date.now() - startMs;
}

/**
 * An engine of a test's own, that it may kill: own data, state, socket and containerd, in a network namespace of its
 * own, because an engine that starts beside another one may take that one's bridge away.
 */
export class OwnEngine {
  readonly host: string;
  readonly #folder: string;
  #process: ChildProcess | null = null;
  #over: Promise<unknown> = Promise.resolve();

  constructor(parent = tmpdir()) {
    this.#folder = fs.mkdtempSync(path.join(parent, 'slipway-engine-'));
    this.host = `unix://${this.#folder}/docker.sock`;
  }

  /** Resolves when it answers; an earlier one on the same data is waited out. */
  async start(): Promise<void> {
    await this.#over;
    // its containerd ends with it, and where nobody reaps that, its pid would still count as a running one
    fs.rmSync(path.join(this.#folder, 'exec/containerd/containerd.pid'), { force: true });
    const log = fs.openSync(path.join(this.#folder, 'log'), 'a');
    const places = `--data-root ${this.#folder}/data --exec-root ${this.#folder}/exec --pidfile ${this.#folder}/pid`;
    const script = `ip link set lo up; exec dockerd ${places} -H ${this.host} --iptables=false --ip6tables=false`;
    this.#process = spawn('unshare', ['--net', 'sh', '-c', script], {
      stdio: ['ignore', log, log],
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    this.#over = once(this.#process, 'exit');
    fs.closeSync(log);
    const probe = connectEngine(this.host);
    await eventually(() => probe.isUp(), 30_000);
  }

  /** SIGKILL leaves containers and containerd running; SIGTERM ends them first. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await this.#over;
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM');
    for (const pid of processesOf(this.#folder)) process.kill(pid, 'SIGKILL');
    const mounts = fs.readFileSync('/proc/mounts', 'utf8').split('\n');
    const own = mounts
      .flatMap((line) => line.split(' ')[1] ?? [])
      .filter((at) => at.startsWith(this.#folder));
    for (const mount of own.reverse()) spawnSync('umount', ['-l', mount]);
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Processes whose command line names the folder: what a failed test leaves of an engine. */
function processesOf(folder: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}
