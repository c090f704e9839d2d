import { hostname } from 'node:os';
import type { z } from 'zod';
import type { Labels } from '../src/core/labels.ts';
import type { OtlpProtocol } from '../src/core/otlp-protocol.ts';
import * as forms from './formats.ts';
import { REQUIRED, required, secret, setting } from './setting.ts';
import type { Setting } from './setting.ts';
import { TIMES } from './times.ts';

/** Every setting there is. `config/example.env` lists the same, in this order; a test compares the two. */
export const SETTINGS = {
  dataDir: setting(
    'SLIPWAY_DATA',
    forms.folder,
    forms.folder.parse('.slipway'),
    '/var/lib/slipway',
    'Folder for everything that must outlive a restart: database, logs, mirrors, keys. Default: .slipway here.',
  ),
  logLevel: setting(
    'SLIPWAY_LOG_LEVEL',
    forms.logLevel,
    'info',
    'info',
    'How much goes to standard output: trace, debug, info, warn, error or fatal. Default: info.',
  ),
  caBundle: optional(
    'SLIPWAY_CA_BUNDLE',
    forms.folder,
    '/etc/ssl/certs/ca-certificates.crt',
    'Certificate authorities in PEM that are trusted beside the usual ones: by server, worker and `slipway` for one another and for registries, Redis, PostgreSQL and the Git host; also given to builds. Default: none.',
  ),

  url: required(
    'SLIPWAY_URL',
    forms.webUrl,
    'https://ci.example.com',
    'The address under which browsers and Git hosts reach the server.',
  ),
  listen: setting(
    'SLIPWAY_LISTEN',
    forms.address,
    { host: '127.0.0.1', port: 8000 },
    '127.0.0.1:8000',
    'Where the server listens. Default: 127.0.0.1:8000, behind a proxy that ends TLS unless SLIPWAY_TLS_CERT is set.',
  ),
  tlsCertificate: optional(
    'SLIPWAY_TLS_CERT',
    forms.folder,
    '/etc/slipway/tls/fullchain.pem',
    'Certificate chain in PEM, the leaf first: the server then speaks HTTPS only. Read again when it changes, and on SIGHUP. Default: none.',
  ),
  tlsKey: optional(
    'SLIPWAY_TLS_KEY',
    forms.folder,
    '/etc/slipway/tls/privkey.pem',
    'Private key of that certificate, in PEM. Default: in the same file.',
  ),
  trustedProxies: setting<number | readonly string[]>(
    'SLIPWAY_TRUSTED_PROXIES',
    forms.proxies,
    0,
    '127.0.0.1,10.0.0.0/8',
    "Proxies in front of the server whose X-Forwarded-For is believed: their addresses and ranges, or how many stand in a row (only where nobody can reach the server past them). Behind one that is not named, all users share one address, and a stranger's wrong sign-ins keep them out too. Default: 0, none.",
  ),
  databaseUrl: optionalSecret(
    'DATABASE_URL',
    forms.databaseUrl,
    'postgres://slipway@localhost/slipway',
    'PostgreSQL for teams. Default: an embedded database in the data folder.',
  ),
  redisUrl: secret(
    'REDIS_URL',
    forms.redisUrl,
    REQUIRED,
    'redis://127.0.0.1:6379',
    'Redis 6.2 or later with appendonly and noeviction. `npm start` starts one of its own when this is absent.',
  ),
  registryHost: optional(
    'SLIPWAY_REGISTRY',
    forms.registryHost,
    'registry.example.com:5000',
    'Registry for repositories that name no host. `npm start` starts one of its own when this is absent.',
  ),
  registryInsecure: setting(
    'SLIPWAY_REGISTRY_INSECURE',
    forms.flag,
    false,
    '0',
    'Set to 1 when that registry speaks plain HTTP. Default: 0.',
  ),
  webhookSecrets: secret(
    'SLIPWAY_WEBHOOK_SECRETS',
    forms.secretList,
    [],
    'a-long-random-text',
    'Secrets of webhooks, separated by commas: the newest first, older ones while you rotate. Without one every delivery is refused.',
  ),
  githubApi: setting(
    'SLIPWAY_GITHUB_API',
    forms.webUrl,
    'https://api.github.com',
    'https://api.github.com',
    "Address of GitHub's API; of GitHub Enterprise Server: https://HOST/api/v3. Default: https://api.github.com.",
  ),
  githubAppId: optional(
    'SLIPWAY_GITHUB_APP_ID',
    forms.form('is not the number or the client id of a GitHub App', (value) =>
      /^[A-Za-z0-9._-]{1,64}$/.test(value) ? value : null,
    ),
    '123456',
    'Id of the GitHub App as which the server asks GitHub. Default: none; each project may have a token instead.',
  ),
  githubAppKey: optionalSecret(
    'SLIPWAY_GITHUB_APP_KEY',
    forms.privateKey,
    '-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----',
    'Private key of that GitHub App, in PEM; best kept in the file that SLIPWAY_GITHUB_APP_KEY_FILE names.',
  ),

  smtpHost: optional(
    'SLIPWAY_SMTP_HOST',
    forms.form('is not the name or the address of a host', (value) =>
      /^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/.test(value) ? value : null,
    ),
    'mail.example.com',
    'Mail server for notifications. Default: none; projects can then be told by webhooks only.',
  ),
  smtpPort: setting(
    'SLIPWAY_SMTP_PORT',
    forms.whole(1, 65_535),
    587,
    '587',
    'Its port. Default: 587; with TLS from the first byte mostly 465.',
  ),
  smtpTls: setting<'starttls' | 'tls' | 'none'>(
    'SLIPWAY_SMTP_TLS',
    forms.smtpTls,
    'starttls',
    'starttls',
    'How it is encrypted: starttls (demanded before a login is told), tls (from the first byte) or none. Default: starttls.',
  ),
  smtpUser: optional('SLIPWAY_SMTP_USER', forms.text, 'slipway', 'Login at the mail server. Default: none.'),
  smtpPassword: optionalSecret(
    'SLIPWAY_SMTP_PASSWORD',
    forms.text,
    'its-password',
    'Password of that login; may be in the file that SLIPWAY_SMTP_PASSWORD_FILE names.',
  ),
  smtpFrom: optional(
    'SLIPWAY_SMTP_FROM',
    forms.sender,
    'Slipway <ci@example.com>',
    'Sender of notifications by e-mail; needed with SLIPWAY_SMTP_HOST.',
  ),
  smtpCa: optional(
    'SLIPWAY_SMTP_CA',
    forms.folder,
    '/etc/slipway/mail-ca.pem',
    "Certificate authorities in PEM for the mail server. Default: Node's own.",
  ),
  notifyNetworks: setting<readonly string[]>(
    'SLIPWAY_NOTIFY_NETWORKS',
    forms.networks,
    [],
    '10.20.0.0/16,192.168.7.12',
    'Private addresses and ranges that webhooks of projects may be sent to. Whoever may set a webhook can have the server send POSTs there. Default: none; only public addresses.',
  ),

  otlpEndpoint: optionalSecret(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    forms.collectorUrl,
    'http://127.0.0.1:4318',
    'Collector that traces of builds and deployments are sent to, by OTLP over HTTP, at /v1/traces below this address. Default: none; nothing is traced.',
  ),
  otlpTracesEndpoint: optionalSecret(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    forms.collectorUrl,
    'https://collector.example.com/v1/traces',
    'The same as a full address, for a collector that takes traces elsewhere. Default: as OTEL_EXPORTER_OTLP_ENDPOINT says.',
  ),
  otlpProtocol: setting<OtlpProtocol>(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    forms.otlpProtocol,
    'http/json',
    'http/protobuf',
    'The form in which the collector takes them over HTTP: http/json, or http/protobuf, the binary one. grpc is not spoken. Default: http/json.',
  ),
  otlpTracesProtocol: optional(
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    forms.otlpProtocol,
    'http/protobuf',
    'The same for traces alone. Default: as OTEL_EXPORTER_OTLP_PROTOCOL says.',
  ),
  otlpHeaders: optionalSecret(
    'OTEL_EXPORTER_OTLP_HEADERS',
    forms.headers,
    'authorization=Bearer%20its-token',
    'Headers of those requests, name=value with commas between, values percent-encoded; may be in the file that OTEL_EXPORTER_OTLP_HEADERS_FILE names.',
  ),
  otelServiceName: optional(
    'OTEL_SERVICE_NAME',
    forms.text,
    'slipway',
    'Name of this installation in traces. Default: slipway.',
  ),
  otelResource: setting<Readonly<Record<string, string>>>(
    'OTEL_RESOURCE_ATTRIBUTES',
    forms.pairs,
    {},
    'service.namespace=ci,host.name=build-01',
    'What else traces tell of this installation, name=value with commas between, values percent-encoded. Default: nothing.',
  ),

  keepBuildsDays: setting(
    'SLIPWAY_KEEP_BUILDS_DAYS',
    forms.whole(0, 36_500),
    365,
    '90',
    'Builds that ended longer ago are removed, with their logs and deliveries; what is deployed or may be rolled back to stays. 0 keeps them all. Default: 365.',
  ),
  keepBuilds: setting(
    'SLIPWAY_KEEP_BUILDS',
    forms.whole(0, 1_000_000_000),
    10_000,
    '1000',
    'So many builds of each project are kept, the newest. 0 keeps them all. Default: 10000.',
  ),
  keepLogsBytes: setting(
    'SLIPWAY_KEEP_LOGS_BYTES',
    forms.size,
    50 * 1024 ** 3,
    '20GiB',
    'Room for the logs of all builds that may go; the oldest of them go when they need more. 0 sets no bound. Default: 50GiB.',
  ),
  artifactBytes: setting(
    'SLIPWAY_ARTIFACT_BYTES',
    forms.size,
    1024 ** 3,
    '2GiB',
    'Most bytes of one artifact, compressed. 0 takes none. Default: 1GiB.',
  ),
  keepArtifactsBytes: setting(
    'SLIPWAY_KEEP_ARTIFACTS_BYTES',
    forms.size,
    50 * 1024 ** 3,
    '20GiB',
    'Room for all artifacts together; the oldest go when they need more. 0 sets no bound. Default: 50GiB.',
  ),
  keepAuditDays: setting(
    'SLIPWAY_KEEP_AUDIT_DAYS',
    forms.whole(0, 36_500),
    730,
    '1825',
    'Entries of the audit log that are older are removed. 0 keeps them all. Default: 730.',
  ),
  keepMirrorsDays: setting(
    'SLIPWAY_KEEP_MIRRORS_DAYS',
    forms.whole(0, 36_500),
    30,
    '90',
    'Git mirrors of the server that nothing used for longer are removed; the next build fetches its repository anew. 0 keeps them all. Default: 30.',
  ),
  diskLow: setting<forms.DiskShare>(
    'SLIPWAY_DISK_LOW',
    forms.diskShare,
    { bytes: 2 * 1024 ** 3 },
    '5%',
    'With less than this free on the disk of the data folder no build is started and no artifact taken; a worker with less free there or on the disk of its engine gets no build, saves no cache and keeps no image of what failed: a size, or a share of the disk. What runs goes on. 0 never waits. Default: 2GiB.',
  ),

  serverUrl: required(
    'SLIPWAY_SERVER_URL',
    forms.webUrl,
    'http://127.0.0.1:8000',
    'The address under which this worker reaches the server.',
  ),
  workerToken: secret(
    'SLIPWAY_WORKER_TOKEN',
    forms.form('is not a worker token', (value) => (/^\S{16,512}$/.test(value) ? value : null)),
    REQUIRED,
    'slipway_worker_from-the-page-Workers',
    'Token of this worker, from the page "Workers" or `slipway worker add`.',
  ),
  workerName: setting(
    'SLIPWAY_WORKER_NAME',
    forms.shortName,
    workerNameOf(hostname()),
    'builder-1',
    'Stable name of this worker, unique at the server. Default: the name of the machine.',
  ),
  workerCapacity: setting(
    'SLIPWAY_WORKER_CAPACITY',
    forms.whole(0, 64),
    2,
    '2',
    'Workflows that this worker runs at once; 0 for a worker that only deploys. Default: 2.',
  ),
  workerLabels: setting<Labels | null>(
    'SLIPWAY_WORKER_LABELS',
    forms.labels,
    null,
    'os=linux,gpu=yes',
    "Labels that this worker has now, of those that its token is for. Default: all of the token's.",
  ),
  dockerHost: setting(
    'DOCKER_HOST',
    forms.engineHost,
    'unix:///var/run/docker.sock',
    'unix:///var/run/docker.sock',
    'The Docker engine that runs builds and apps. Default: unix:///var/run/docker.sock.',
  ),
  buildNetworks: setting(
    'SLIPWAY_BUILD_NETWORKS',
    forms.ipRange(64),
    '10.213.0.0/16',
    '10.213.0.0/16',
    'Range that the networks of workflows are cut from, a /26 each. Default: 10.213.0.0/16.',
  ),
  helper: optional(
    'SLIPWAY_HELPER',
    forms.folder,
    '/usr/local/lib/slipway/busybox-arm64',
    "Statically linked busybox for the engine's processor, put into every container of a build. Default: the first on PATH.",
  ),
  keepBuildCacheBytes: setting(
    'SLIPWAY_KEEP_BUILD_CACHE_BYTES',
    forms.size,
    50 * 1024 ** 3,
    '20GiB',
    "Room for the engine's build cache; what was unused for longest goes, while nothing runs on this worker. It is also the cache of whoever else builds with that engine. 0 leaves it alone. Default: 50GiB.",
  ),
  keepCachesBytes: setting(
    'SLIPWAY_KEEP_CACHES_BYTES',
    forms.size,
    20 * 1024 ** 3,
    '50GiB',
    "Room in the worker's data folder for what steps cache; what was unused for longest goes. 0 keeps none. Default: 20GiB.",
  ),

  hostVolumes: setting<readonly forms.HostVolume[]>(
    'SLIPWAY_HOST_VOLUMES',
    forms.hostVolumes,
    [],
    '/etc/ssl/certs:ro,/srv/cache:rw',
    "Paths of the engine's host that steps and services of trusted builds may mount, separated by commas: exactly these and nothing below them, read only unless :rw follows. Of all projects whose builds run on this worker; a build is root in what it may write. Default: none.",
  ),

  routerName: optional(
    'SLIPWAY_ROUTER_NAME',
    forms.shortName,
    'local',
    "Name of the router on this worker's machine; the worker then takes its deployments. Default: none.",
  ),
  routerBind: setting(
    'SLIPWAY_ROUTER_BIND',
    forms.address,
    { host: '127.0.0.1', port: 8080 },
    '0.0.0.0:80',
    'Where the router takes public traffic. Default: 127.0.0.1:8080.',
  ),
  routerTlsBind: optional(
    'SLIPWAY_ROUTER_TLS_BIND',
    forms.address,
    '0.0.0.0:443',
    'Where the router takes public traffic over TLS, with the certificates of SLIPWAY_ROUTER_CERTS. Default: nowhere.',
  ),
  routerCertificates: optional(
    'SLIPWAY_ROUTER_CERTS',
    forms.folder,
    '/etc/slipway/certs',
    'Folder with a certificate for each host: NAME.pem with chain and key, NAME.crt with NAME.key, or NAME/fullchain.pem with NAME/privkey.pem. Who asks for a host without one gets that named default, else the first. Read again when they change.',
  ),
  routerRedirect: setting(
    'SLIPWAY_ROUTER_REDIRECT',
    forms.flag,
    true,
    '1',
    'Whether the router sends who comes without TLS to the same address with https, where SLIPWAY_ROUTER_TLS_BIND is set. Default: 1.',
  ),
  routerBackends: setting(
    'SLIPWAY_ROUTER_BACKENDS',
    forms.whole(1, 4_096),
    256,
    '256',
    'Environments the router has room for, declared ahead. Default: 256.',
  ),
  routerDir: optional(
    'SLIPWAY_ROUTER_DIR',
    forms.folder,
    '/var/lib/slipway/router',
    "Folder of the router's configuration, maps, record and sockets, its path at most 84 bytes. Default: router in the data folder.",
  ),
  appNetwork: setting(
    'SLIPWAY_APP_NETWORK',
    forms.ipRange(16),
    '10.212.0.0/16',
    '10.212.0.0/16',
    'Range of the network that apps live on, with a fixed address for each slot. Default: 10.212.0.0/16.',
  ),

  mayInstall: setting(
    'SLIPWAY_INSTALL',
    forms.flag,
    true,
    '1',
    'Set to 0 to forbid installing missing parts with apt; images are used, or the exact command is printed. Default: 1.',
  ),
  redisImage: image('SLIPWAY_REDIS_IMAGE', 'redis:7-alpine', 'redis-server on its PATH'),
  registryImage: image('SLIPWAY_REGISTRY_IMAGE', 'registry:2', 'registry on its PATH'),
  haproxyImage: image('SLIPWAY_HAPROXY_IMAGE', 'haproxy:2.8-alpine', 'haproxy on its PATH'),
  busyboxImage: image('SLIPWAY_BUSYBOX_IMAGE', 'busybox:1-musl', 'a static /bin/busybox'),

  deadManSwitchMs: time(
    'SLIPWAY_DEAD_MAN_SWITCH_MS',
    TIMES.deadManSwitch,
    "A step's container ends when its worker was silent for this long; an engine that was is given up.",
  ),
  keepAliveMs: time(
    'SLIPWAY_KEEP_ALIVE_MS',
    TIMES.keepAlive,
    'The server closes a connection that had no request for this long. Longer than the proxy or load balancer in front keeps one, which is usually 60 s: else it answers 502 now and then.',
  ),
  gitFetchMs: time(
    'SLIPWAY_GIT_FETCH_MS',
    TIMES.gitFetch,
    'A fetch from a Git host that takes longer is given up, and tried again with its delivery.',
  ),
  gitIdleMs: time(
    'SLIPWAY_GIT_IDLE_MS',
    TIMES.gitIdle,
    'So is one in which nothing comes for this long; a host that counts the objects of a large repository says now and then that it is alive.',
  ),
  registryIdleMs: time(
    'SLIPWAY_REGISTRY_IDLE_MS',
    TIMES.registryIdle,
    'A push in which no byte moves for this long, in either direction, is tried again, then given up; so is a pull of what is deployed, and a step whose image is pulled so fails. A registry may need some minutes to put a large layer into its store.',
  ),
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValue<K extends SettingKey> = (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;

function optional<T>(name: string, schema: z.ZodType<T, string>, example: string, about: string) {
  return setting<T | null>(name, schema, null, example, about);
}

function optionalSecret<T>(name: string, schema: z.ZodType<T, string>, example: string, about: string) {
  return secret<T | null>(name, schema, null, example, about);
}

function image(name: string, fallback: string, content: string): Setting<string> {
  const about = `Image with ${content}, for a machine that has an engine and not that program. Default: ${fallback}.`;
  return setting(name, forms.imageName, fallback, `mirror.example.com/library/${fallback}`, about);
}

function time(name: string, fallback: number, about: string): Setting<number> {
  const full = `${about} In milliseconds; default: ${fallback}.`;
  return setting(name, forms.milliseconds, fallback, String(fallback), full);
}

function workerNameOf(machine: string): string {
  const name = machine.toLowerCase().replace(/[^a-z0-9.-]+/g, '-');
  return name.replace(/^[^a-z0-9]+/, '').slice(0, 63) || 'worker';
}
