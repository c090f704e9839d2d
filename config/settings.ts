import type { Labels } from '../src/core/labels.ts';
import type { OtlpProtocol } from '../src/core/otlp-protocol.ts';
import { readSettings } from './read-settings.ts';
import type { Environment, Read } from './read-settings.ts';
import type { Address, DiskShare, HostVolume } from './formats.ts';
import { routerDirOf } from './router-dir.ts';

/** Name of the router that a server uses when nothing else is said. */
export const DEFAULT_ROUTER = 'local';

interface CommonSettings {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /** Absolute path of a PEM file, or null for the system's. */
  readonly caBundle: string | null;
}

export interface ServerSettings extends CommonSettings {
  /** Public address, without closing slash. */
  readonly url: string;
  readonly listen: Address;
  /** Null: plain HTTP. */
  readonly tls: TlsSettings | null;
  /** How many proxies in front are believed, or the addresses and ranges of those. */
  readonly trustedProxies: number | readonly string[];
  /** For a connection between two requests. */
  readonly keepAliveMs: number;
  /** Null: the embedded database in the data folder. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string;
  /** Null: this server has no registry, nothing is pushed without a host. */
  readonly registry: RegistrySettings | null;
  readonly webhookSecrets: readonly string[];
  /** Of fetches from Git hosts. */
  readonly git: {
    readonly fetchMs: number;
    readonly idleMs: number;
  };
  readonly github: GithubSettings;
  /** The router that environments are made on; its worker has the same settings. */
  readonly router: {
    readonly name: string;
    readonly backends: number;
    readonly appRange: string;
    /** Where it takes public traffic, over TLS if it does. */
    readonly port: number;
    readonly isTls: boolean;
  };
  readonly notifications: {
    /** Null: no e-mail is sent. */
    readonly smtp: SmtpSettings | null;
    /** Private addresses and ranges that webhooks may be sent to. */
    readonly networks: readonly string[];
  };
  /** Null: nothing is traced. */
  readonly traces: TraceSettings | null;
  readonly retention: RetentionSettings;
  /** Of one artifact; more is refused. */
  readonly artifactBytes: number;
  /** With less than this free on the disk of the data folder no build is started. */
  readonly diskLow: DiskShare;
}

export interface TlsSettings {
  /** Absolute path of a PEM file. */
  readonly certificate: string;
  /** The same, or another one. */
  readonly key: string;
}

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'tls' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
  /** Absolute path of a PEM file; null: Node's own authorities. */
  readonly ca: string | null;
}

export interface TraceSettings {
  /** Full address that traces are posted to. */
  readonly url: string;
  readonly protocol: OtlpProtocol;
  /** Secret, as they open it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Resource attributes of this installation, with `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
}

/** What is kept of the past; null is without bound. */
export interface RetentionSettings {
  /** Since a build's end. */
  readonly buildsMs: number | null;
  readonly buildsPerProject: number | null;
  /** Of all logs together. */
  readonly logBytes: number | null;
  /** Of all artifacts together. */
  readonly artifactBytes: number | null;
  /** Since an entry of the audit log was written. */
  readonly auditMs: number | null;
  /** Since a Git mirror of the server was used. */
  readonly mirrorsMs: number | null;
}

export interface GithubSettings {
  /** Base address of the API, without closing slash. */
  readonly api: string;
  /** The GitHub App as which the server asks; null: projects have tokens of their own, or none. */
  readonly app: {
    readonly id: string;
    /** PEM. */
    readonly key: string;
  } | null;
}

export interface RegistrySettings {
  /** `host` or `host:port`. */
  readonly host: string;
  /** True for plain HTTP. */
  readonly insecure: boolean;
}

export interface WorkerSettings extends CommonSettings {
  readonly serverUrl: string;
  readonly token: string;
  readonly name: string;
  /** Workflows at once. */
  readonly capacity: number;
  /** Null: all of its token's. */
  readonly labels: Labels | null;
  readonly redisUrl: string;
  /** As in DOCKER_HOST. */
  readonly dockerHost: string;
  /** IPv4 range that workflows' networks are cut from, e.g. `10.213.0.0/16`. */
  readonly buildNetworks: string;
  /** Absolute path of a static busybox for the engine's processor; null: the first one on PATH. */
  readonly helper: string | null;
  /** Room for the engine's build cache; 0 leaves it alone. */
  readonly keepBuildCacheBytes: number;
  /** Room for what steps cache; 0 keeps none. */
  readonly keepCachesBytes: number;
  /** Paths of the engine's host that trusted builds may mount. */
  readonly hostVolumes: readonly HostVolume[];
  /** With less than this free on the disk of the data folder no cache is saved. */
  readonly diskLow: DiskShare;
  /** A step's container ends when this worker was silent for this long. */
  readonly deadManSwitchMs: number;
  /** A push in which no byte moves for this long is given up. */
  readonly registryIdleMs: number;
  /** Null: this worker takes no deployments. */
  readonly router: (RouterSettings & { readonly name: string }) | null;
  /** IPv4 range of the apps' network. */
  readonly appNetwork: string;
}

export interface RouterSettings {
  readonly bind: Address;
  /** Null: it takes no traffic over TLS. */
  readonly tls: RouterTlsSettings | null;
  readonly backends: number;
  /** Absolute path of the folder with configuration, maps, record and sockets. */
  readonly dir: string;
}

export interface RouterTlsSettings {
  readonly bind: Address;
  /** Absolute path of the folder with the operator's certificates. */
  readonly certificates: string;
  /** Whether plain HTTP is answered with a redirect to HTTPS. */
  readonly redirect: boolean;
}

/** What the set-up needs to start what the environment does not name; null there means: start an own one. */
export interface PartsSettings extends CommonSettings {
  /** Null: choose the address of `listen`. */
  readonly url: string | null;
  readonly listen: Address;
  readonly tls: TlsSettings | null;
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly registry: RegistrySettings | null;
  /** Null where the environment names no engine: use the default socket, else start one. */
  readonly dockerHost: string | null;
  readonly buildNetworks: string;
  readonly appNetwork: string;
  /** Absolute path of a static busybox; null: the first one on PATH. */
  readonly helper: string | null;
  /** Null: nothing is traced. */
  readonly traces: TraceSettings | null;
  readonly routerName: string | null;
  readonly router: RouterSettings;
  /** Whether missing parts may be installed with apt. */
  readonly mayInstall: boolean;
  /** For parts whose programs are not on this machine. */
  readonly images: Readonly<Record<'redis' | 'registry' | 'haproxy' | 'busybox', string>>;
}

/** @throws Problem `settings_wrong` that lists every wrong setting, with the value seen and what to write. */
export function readServerSettings(environment: Environment): ServerSettings {
  return readSettings(environment, (read) => ({
    ...common(read),
    url: read('url'),
    listen: read('listen'),
    tls: tls(read),
    trustedProxies: read('trustedProxies'),
    keepAliveMs: read('keepAliveMs'),
    databaseUrl: read('databaseUrl'),
    redisUrl: read('redisUrl'),
    registry: registry(read),
    webhookSecrets: read('webhookSecrets'),
    git: { fetchMs: read('gitFetchMs'), idleMs: read('gitIdleMs') },
    github: github(read),
    router: {
      name: read('routerName') ?? DEFAULT_ROUTER,
      backends: read('routerBackends'),
      appRange: read('appNetwork'),
      ...publicPort(read),
    },
    notifications: { smtp: smtp(read), networks: read('notifyNetworks') },
    traces: traces(read),
    retention: retention(read),
    artifactBytes: read('artifactBytes'),
    diskLow: read('diskLow'),
  }));
}

/** @throws Problem `settings_wrong` that lists every wrong setting, with the value seen and what to write. */
export function readWorkerSettings(environment: Environment): WorkerSettings {
  return readSettings(environment, (read) => {
    const name = read('routerName');
    return {
      ...common(read),
      serverUrl: read('serverUrl'),
      token: read('workerToken'),
      name: read('workerName'),
      capacity: read('workerCapacity'),
      labels: read('workerLabels'),
      redisUrl: read('redisUrl'),
      dockerHost: read('dockerHost'),
      buildNetworks: read('buildNetworks'),
      helper: read('helper'),
      keepBuildCacheBytes: read('keepBuildCacheBytes'),
      keepCachesBytes: read('keepCachesBytes'),
      hostVolumes: read('hostVolumes'),
      diskLow: read('diskLow'),
      deadManSwitchMs: read('deadManSwitchMs'),
      registryIdleMs: read('registryIdleMs'),
      router: name === null ? null : { name, ...router(read) },
      appNetwork: read('appNetwork'),
    };
  });
}

/** @throws Problem `settings_wrong` that lists every wrong setting, with the value seen and what to write. */
export function readPartsSettings(environment: Environment): PartsSettings {
  return readSettings(environment, (read) => ({
    ...common(read),
    url: read('url', null),
    listen: read('listen'),
    tls: tls(read),
    databaseUrl: read('databaseUrl'),
    redisUrl: read('redisUrl', null),
    registry: registry(read),
    dockerHost: read('dockerHost', null),
    buildNetworks: read('buildNetworks'),
    appNetwork: read('appNetwork'),
    helper: read('helper'),
    traces: traces(read),
    routerName: read('routerName'),
    router: router(read),
    mayInstall: read('mayInstall'),
    images: {
      redis: read('redisImage'),
      registry: read('registryImage'),
      haproxy: read('haproxyImage'),
      busybox: read('busyboxImage'),
    },
  }));
}

function common(read: Read): CommonSettings {
  return {
    dataDir: read('dataDir'),
    logLevel: read('logLevel'),
    caBundle: read('caBundle'),
  };
}

function registry(read: Read): RegistrySettings | null {
  const host = read('registryHost');
  const insecure = read('registryInsecure');
  return host === null ? null : { host, insecure };
}

function github(read: Read): GithubSettings {
  const [id, key] = [read('githubAppId'), read('githubAppKey')];
  return { api: read('githubApi'), app: id === null || key === null ? null : { id, key } };
}

function smtp(read: Read): SmtpSettings | null {
  const [host, from] = [read('smtpHost'), read('smtpFrom')];
  const [user, password] = [read('smtpUser'), read('smtpPassword')];
  const login = user === null || password === null ? null : { user, password };
  const rest = { port: read('smtpPort'), tls: read('smtpTls'), ca: read('smtpCa') };
  return host === null || from === null ? null : { host, from, login, ...rest };
}

/** As OpenTelemetry's "OTLP Exporter" and "Resource" have it: what is said of traces alone, or by a name of its own, wins. */
function traces(read: Read): TraceSettings | null {
  const [base, own, headers] = [read('otlpEndpoint'), read('otlpTracesEndpoint'), read('otlpHeaders')];
  const [name, more] = [read('otelServiceName'), read('otelResource')];
  const url = own ?? (base ? tracesBelow(base) : null);
  const protocol = read('otlpTracesProtocol') ?? read('otlpProtocol');
  const resource = { 'service.name': 'slipway', ...more, ...(name && { 'service.name': name }) };
  return url === null ? null : { url, protocol, headers: headers ?? {}, resource };
}

function tracesBelow(base: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url.href;
}

const DAY_MS = 24 * 3_600_000;

function retention(read: Read): RetentionSettings {
  return {
    buildsMs: orNone(read('keepBuildsDays') * DAY_MS),
    buildsPerProject: orNone(read('keepBuilds')),
    logBytes: orNone(read('keepLogsBytes')),
    artifactBytes: orNone(read('keepArtifactsBytes')),
    auditMs: orNone(read('keepAuditDays') * DAY_MS),
    mirrorsMs: orNone(read('keepMirrorsDays') * DAY_MS),
  };
}

function orNone(bound: number): number | null {
  return bound === 0 ? null : bound;
}

function tls(read: Read): TlsSettings | null {
  const [certificate, key] = [read('tlsCertificate'), read('tlsKey')];
  return certificate === null ? null : { certificate, key: key ?? certificate };
}

function routerTls(read: Read): RouterTlsSettings | null {
  const [bind, certificates] = [read('routerTlsBind'), read('routerCertificates')];
  const redirect = read('routerRedirect');
  return bind === null || certificates === null ? null : { bind, certificates, redirect };
}

function publicPort(read: Read): Pick<ServerSettings['router'], 'port' | 'isTls'> {
  const secure = read('routerTlsBind');
  return { port: (secure ?? read('routerBind')).port, isTls: secure !== null };
}

function router(read: Read): RouterSettings {
  return {
    bind: read('routerBind'),
    tls: routerTls(read),
    backends: read('routerBackends'),
    dir: routerDirOf(read('routerDir'), read('dataDir')),
  };
}
