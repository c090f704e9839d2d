import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findBinary, findBinaries } from './find-binary.ts';
import { findCompose } from './find-compose.ts';

/** A program of the system that something of ours needs, and the Debian packages that bring it. */
export interface NeededProgram {
  readonly name: string;
  readonly isThere: () => boolean;
  /** The first that the system's sources know is not enough where a release has split it: all known ones are taken. */
  readonly debian: readonly string[];
}

/** Every program that can be needed, by the name that the set-up uses. */
export const PROGRAMS = {
  engine: program('Docker Engine', ['dockerd'], ['docker.io', 'docker-cli', 'docker-buildx']),
  buildClient: {
    name: 'a docker client with BuildKit',
    isThere: hasBuildClient,
    debian: ['docker.io', 'docker-cli', 'docker-buildx'],
  },
  iptables: program('iptables', ['iptables'], ['iptables']),
  ip: program('ip', ['ip'], ['iproute2']),
  git: program('git', ['git'], ['git']),
  curl: program('curl', ['curl'], ['curl']),
  socat: program('socat', ['socat'], ['socat']),
  redis: program('redis-server', ['redis-server', 'valkey-server'], ['redis-server']),
  registry: program('docker-registry', ['docker-registry', 'registry'], ['docker-registry']),
  haproxy: program('haproxy', ['haproxy'], ['haproxy']),
  busybox: program('a static busybox', ['busybox'], ['busybox-static']),
  chromium: program('chromium', ['chromium', 'chromium-browser', 'google-chrome'], ['chromium']),
  mmdebstrap: program('mmdebstrap', ['mmdebstrap'], ['mmdebstrap']),
  compose: { name: 'docker-compose', isThere: () => findCompose() !== null, debian: ['docker-compose'] },
  postgres: { name: 'PostgreSQL', isThere: hasPostgres, debian: ['postgresql'] },
} as const satisfies Record<string, NeededProgram>;

export type ProgramName = keyof typeof PROGRAMS;

function program(name: string, files: readonly string[], debian: readonly string[]): NeededProgram {
  return { name, isThere: () => findBinary(files) !== null, debian };
}

/** Newer clients need the plug-in buildx for BuildKit; up to 20.10 it is built in (`--secret` tells). */
function hasBuildClient(): boolean {
  return findBinaries('docker').some(
    (client) =>
      says(client, ['buildx', 'version'], 'buildx') || says(client, ['build', '--help'], '--secret'),
  );
}

function says(client: string, args: readonly string[], word: string): boolean {
  try {
    const env = { ...process.env, DOCKER_BUILDKIT: '1' };
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync(client, args, { env, encoding: 'utf8', timeout: 10_000, stdio: [...stdio] }).includes(
      word,
    );
  } catch {
    return false;
  }
}

/** Debian keeps the server's programs away from PATH. */
function hasPostgres(): boolean {
  const versions = Array.from({ length: 20 }, (_, i) => `/usr/lib/postgresql/${i + 10}/bin/initdb`);
  return findBinary(['initdb']) !== null || versions.some((file) => existsSync(path.normalize(file)));
}
