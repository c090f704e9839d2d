import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../../src/core/problem.ts';
import { findBuildClient } from '../../worker/image/build-client.ts';
import { findBinary } from '../../src/parts/find-binary.ts';
import { ensureImage } from './images/ensure-image.ts';
import { findPostgres } from './postgres.ts';

const run = promisify(execFile);

/** A shell and the small tools, nothing else: `slipway-test/busybox:1`. */
export function busyboxImage(dockerHost = engineHost()): Promise<string> {
  return ensureImage(dockerHost, {
    repository: 'slipway-test/busybox',
    tag: '1',
    inputs: [need(['busybox'], 'busybox-static')],
    fill: async () => undefined,
    changes: ['CMD ["sh"]'],
  });
}

/** Node 24 as it runs here, npm where there is one of the usual form, and the small tools: `slipway-test/node:24`. */
export async function nodeImage(dockerHost = engineHost()): Promise<string> {
  const node = await realpath(process.execPath);
  const npm = await findNpm();
  return ensureImage(dockerHost, {
    repository: 'slipway-test/node',
    tag: '24',
    inputs: [node, ...(npm === null ? [] : [path.join(npm, 'package.json')])],
    fill: async (fs) => {
      await fs.program(node, '/usr/local/bin/node');
      await fs.link('/usr/bin/env', '/bin/env');
      if (npm === null) return;
      await fs.copy(npm, '/usr/local/lib/node_modules/npm');
      for (const name of ['npm', 'npx'])
        await fs.link(`/usr/local/bin/${name}`, `../lib/node_modules/npm/bin/${name}-cli.js`);
    },
    changes: ['ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt', 'CMD ["node"]'],
  });
}

/** A Redis service on port 6379 that keeps nothing: `slipway-test/redis:7`. */
export function redisImage(dockerHost = engineHost()): Promise<string> {
  const server = need(['redis-server'], 'redis-server');
  const client = need(['redis-cli'], 'redis-tools');
  return ensureImage(dockerHost, {
    repository: 'slipway-test/redis',
    tag: '7',
    inputs: [server],
    fill: async (fs) => {
      await fs.program(server, '/usr/local/bin/redis-server');
      await fs.program(client, '/usr/local/bin/redis-cli');
    },
    changes: [
      'EXPOSE 6379',
      'HEALTHCHECK --interval=1s --timeout=1s --retries=30 CMD ["redis-cli", "ping"]',
      'CMD ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""]',
    ],
  });
}

/** The registry, with what the official image asks of an engine: `slipway-test/registry:2`. */
export function registryImage(dockerHost = engineHost()): Promise<string> {
  const registry = need(['docker-registry', 'registry'], 'docker-registry');
  return ensureImage(dockerHost, {
    repository: 'slipway-test/registry',
    tag: '2',
    inputs: [registry],
    fill: (fs) => fs.program(registry, '/usr/local/bin/registry'),
    changes: [
      'EXPOSE 5000',
      'VOLUME /var/lib/registry',
      'ENTRYPOINT ["/entrypoint.sh"]',
      'CMD ["/etc/docker/registry/config.yml"]',
    ],
  });
}

/** HAProxy, with what the official image asks of an engine: `slipway-test/haproxy:2`. */
export function haproxyImage(dockerHost = engineHost()): Promise<string> {
  const haproxy = need(['haproxy'], 'haproxy');
  return ensureImage(dockerHost, {
    repository: 'slipway-test/haproxy',
    tag: '2',
    inputs: [haproxy],
    fill: (fs) => fs.program(haproxy, '/usr/local/bin/haproxy'),
    changes: [
      'USER app',
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
    ],
  });
}

/** A PostgreSQL service on port 5432, user and database `postgres`, any password: `slipway-test/postgres:15`. */
export async function postgresImage(dockerHost = engineHost()): Promise<string> {
  const bin = await findPostgres();
  if (bin === null)
    throw new Problem('part_missing', { part: 'PostgreSQL', command: 'apt-get install postgresql' });
  const version = path.basename(path.dirname(bin));
  const share = `/usr/share/postgresql/${version}`;
  return ensureImage(dockerHost, {
    repository: 'slipway-test/postgres',
    tag: version,
    inputs: [path.join(bin, 'postgres')],
    fill: async (fs) => {
      for (const name of ['postgres', 'initdb', 'pg_isready', 'psql']) {
        await fs.program(path.join(bin, name));
        await fs.link(`/usr/local/bin/${name}`, path.join(bin, name));
      }
      const libraries = path.join(path.dirname(bin), 'lib');
      for (const file of readdirSync(libraries).filter(isNeeded))
        await fs.program(path.join(libraries, file));
      await fs.copy(share);
      if (existsSync('/usr/share/zoneinfo/UTC')) await fs.copy('/usr/share/zoneinfo/UTC');
    },
    changes: ['EXPOSE 5432', 'USER app', `CMD ["sh", "-c", "${POSTGRES_START}"]`],
  });
}

/** What Slipway's own image stands on, in the place of Node's image: Node, npm and the programs that it needs: `slipway-test/base:1`. */
export async function baseImage(dockerHost = engineHost()): Promise<string> {
  const node = await realpath(process.execPath);
  const npm = await demandNpm();
  const [git, haproxy] = [need(['git'], 'git'), need(['haproxy'], 'haproxy')];
  const tini = need(['tini', 'tini-static', 'docker-init'], 'tini');
  const [tar, openssl] = [need(['tar'], 'tar'), need(['openssl'], 'openssl')];
  const { stdout: gitFolder } = await run(git, ['--exec-path']);
  return ensureImage(dockerHost, {
    repository: 'slipway-test/base',
    tag: '1',
    inputs: [node, git, haproxy, tini, tar, openssl],
    fill: async (fs) => {
      await fs.program(node, '/usr/local/bin/node');
      await fs.copy(npm, '/usr/local/lib/node_modules/npm');
      for (const name of ['npm', 'npx'])
        await fs.link(`/usr/local/bin/${name}`, `../lib/node_modules/npm/bin/${name}-cli.js`);
      await fs.program(git, '/usr/bin/git');
      for (const name of ['git-remote-http', 'git-remote-https', 'git-http-backend'])
        await fs.program(path.join(gitFolder.trim(), name));
      await fs.program(haproxy, '/usr/local/bin/haproxy');
      await fs.program(tini, '/usr/bin/tini');
      await fs.program(tar, '/usr/local/bin/tar');
      await fs.program(openssl, '/usr/bin/openssl');
      if (existsSync('/usr/lib/ssl/openssl.cnf')) await fs.copy('/usr/lib/ssl/openssl.cnf');
      // What packages with compiled parts name, which nothing above does.
      const libraries = `/lib/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`;
      for (const name of ['librt.so.1', 'libdl.so.2', 'libpthread.so.0', 'libm.so.6', 'libgcc_s.so.1'])
        await fs.copy(path.join(libraries, name));
      await fs.link('/usr/bin/env', '/bin/env');
    },
    changes: ['CMD ["node"]'],
  });
}

/** The docker command that builds here, where the official image has it: `slipway-test/docker:1`. */
export async function dockerImage(dockerHost = engineHost()): Promise<string> {
  const { client } = await findBuildClient();
  if (client === null)
    throw new Problem('part_missing', { part: 'docker with BuildKit', command: 'apt-get install docker.io' });
  const plugins = ['/usr/local/libexec', '/usr/local/lib', '/usr/libexec', '/usr/lib']
    .map((folder) => path.join(folder, 'docker/cli-plugins/docker-buildx'))
    .filter((file) => client.kind === 'buildx' && existsSync(file));
  return ensureImage(dockerHost, {
    repository: 'slipway-test/docker',
    tag: '1',
    inputs: [client.command, ...plugins],
    fill: async (fs) => {
      const folder = '/usr/local/libexec/docker/cli-plugins';
      await fs.program(client.command, '/usr/local/bin/docker');
      await fs.write(`${folder}/.keep`, '');
      for (const file of plugins) await fs.program(file, path.join(folder, path.basename(file)));
    },
    changes: [],
  });
}

/**
 * Debian, with Node and npm as Node's official image has them, in its place: what is missing a Dockerfile gets with apt.
 * Slow to make (about a minute): `slipway-test/node-on-debian:24`.
 */
export async function nodeOnDebianImage(dockerHost = engineHost()): Promise<string> {
  const bootstrap = need(['mmdebstrap'], 'mmdebstrap');
  const node = await realpath(process.execPath);
  const npm = await demandNpm();
  return ensureImage(dockerHost, {
    repository: 'slipway-test/node-on-debian',
    tag: '24',
    inputs: [bootstrap, node, path.join(npm, 'package.json')],
    fill: async (fs) => {
      await rm(fs.root, { recursive: true });
      await mkdir(fs.root);
      await run(bootstrap, ['--quiet', '--variant=minbase', 'bookworm', fs.root]);
      await copyFile(node, path.join(fs.root, 'usr/local/bin/node'));
      await fs.copy(npm, '/usr/local/lib/node_modules/npm');
      for (const name of ['npm', 'npx'])
        await fs.link(`/usr/local/bin/${name}`, `../lib/node_modules/npm/bin/${name}-cli.js`);
    },
    changes: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["node"]'],
  });
}

const engineHost = (): string => process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';

/** The just-in-time compiler needs a library of 100 MB; nobody's test needs it. */
const isNeeded = (file: string): boolean => file.endsWith('.so') && !file.startsWith('llvmjit');

const POSTGRES_START = [
  'initdb -D /tmp/data -A trust -U postgres --no-sync -E UTF8 --locale=C >/dev/null',
  "echo 'host all all all trust' >> /tmp/data/pg_hba.conf",
  "exec postgres -D /tmp/data -k /tmp -c listen_addresses='*' -c fsync=off",
].join(' && ');

function need(names: readonly string[], debianPackage: string): string {
  const found = findBinary(names);
  if (found !== null) return found;
  throw new Problem('part_missing', {
    part: names[0] ?? debianPackage,
    command: `apt-get install ${debianPackage}`,
  });
}

async function demandNpm(): Promise<string> {
  const npm = await findNpm();
  if (npm === null) throw new Problem('part_missing', { part: 'npm', command: 'apt-get install npm' });
  return npm;
}

/** Folder of the npm package in use, where it is one folder; Debian's own package is spread over many. */
async function findNpm(): Promise<string | null> {
  const command = findBinary(['npm']);
  if (command === null) return null;
  const folder = path.resolve(path.dirname(await realpath(command)), '..');
  return existsSync(path.join(folder, 'bin/npm-cli.js')) && existsSync(path.join(folder, 'node_modules'))
    ? folder
    : null;
}
