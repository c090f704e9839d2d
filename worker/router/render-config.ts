import { FILES, type MapName, type RouterPlaces } from './render-router.ts';
import { serverLines, sideBackend, slotBackend, type ServerLine } from './server-lines.ts';
import type { RouterSettings, RouterState } from './state.ts';

/** haproxy.cfg for HAProxy 2.6 and later. docs/decisions/0003-router.md has the reasons, line by line. */
export function renderConfig(state: RouterState, places: RouterPlaces): string {
  return [
    HEAD(places),
    publicFrontend(state.settings, places),
    sideFrontend(places),
    NOWHERE,
    ...Array.from({ length: state.settings.backends }, (_, backend) =>
      backends(
        backend,
        serverLines(
          backend,
          state.environments.find((environment) => environment.backend === backend),
        ),
      ),
    ),
  ].join('\n');
}

const HEAD = (places: RouterPlaces) => `# Rendered by Slipway from ${FILES.state}; a change by hand is lost.
global
    stats socket ${places.adminSocket} mode 600 level admin
    no strict-limits
    noreuseport
    fd-hard-limit 65536

defaults common
    mode http
    option http-server-close
    option dontlognull
    option forwardfor
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response response-timeout
    timeout connect 150ms
    timeout http-request 10s
    timeout http-keep-alive 75s
    timeout queue 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    default-server check inter 1s fastinter 100ms downinter 100ms rise 1 fall 2 observe layer4 error-limit 1 on-error mark-down
`;

const publicFrontend = ({ binds, tls }: RouterSettings, places: RouterPlaces) => `frontend public from common
${[...binds, ...tlsBinds(tls, places)].map((bind) => `    bind ${bind}`).join('\n')}
    http-request disable-l7-retry unless { method GET HEAD OPTIONS }
${forwardedProtocol(tls)}
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-var(txn.environment) req.hdr(host),host_only,lower,map_str(${path(places, FILES.hosts)})
    http-request set-var(txn.backend) var(txn.environment),map_str(${path(places, FILES.live)}) if { var(txn.environment) -m found }
    use_backend %[var(txn.backend)] if { var(txn.backend) -m found }
    default_backend nowhere
`;

function tlsBinds(tls: RouterSettings['tls'], { certificates }: RouterPlaces): readonly string[] {
  const options = `ssl crt-list ${certificates} ssl-min-ver TLSv1.2 alpn h2,http/1.1`;
  return (tls?.binds ?? []).map((bind) => `${bind} ${options}`);
}

/** Where we end TLS ourselves we know the protocol; else a proxy before us may. */
function forwardedProtocol(tls: RouterSettings['tls']): string {
  if (tls === undefined)
    return '    http-request set-header X-Forwarded-Proto http unless { req.hdr(x-forwarded-proto) -m found }';
  const port = tls.redirectTo === 443 ? '' : `:${tls.redirectTo}`;
  const redirect = `    http-request redirect location https://%[req.hdr(host),host_only]${port}%[pathq] code 308 unless { ssl_fc }`;
  const known = '    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]';
  return tls.redirectTo === null ? known : `${redirect}\n${known}`;
}

const sideFrontend = (places: RouterPlaces) => `frontend side from common
    bind ${places.sideSocket} mode 600
    http-request set-var(txn.name) req.hdr(host),host_only,lower
    http-request set-var(txn.backend) var(txn.name),map_str(${path(places, FILES.side)})
    http-request set-header Host %[var(txn.name),map_str(${path(places, FILES.sideHosts)})] if { var(txn.backend) -m found }
    use_backend %[var(txn.backend)] if { var(txn.backend) -m found }
    default_backend nowhere
`;

const NOWHERE = `backend nowhere from common
    http-request return status 404 content-type text/plain string "Nothing is deployed under this host name.\\n" if { var(txn.environment) -m found }
    http-request return status 404 content-type text/plain string "This host name belongs to no environment.\\n"
`;

function backends(backend: number, lines: readonly ServerLine[]): string {
  const ofBackend = (name: string) =>
    lines
      .filter((line) => line.backend === name)
      .map(serverText)
      .join('\n');
  const slots = ([0, 1, 2] as const).map(
    (slot) => `backend ${slotBackend(backend, slot)} from common
    use-server long if { req.hdr(upgrade) -m found } || { req.hdr(accept) -m beg text/event-stream }
${ofBackend(slotBackend(backend, slot))}
`,
  );
  return `${slots.join('')}backend ${sideBackend(backend)} from common
    retries 0
${ofBackend(sideBackend(backend))}
`;
}

const OPTIONS: Readonly<Record<ServerLine['kind'], string>> = {
  main: '',
  long: ' weight 0',
  spare: ' backup',
  last: ' backup no-check',
  candidate: ' no-check',
};

function serverText(line: ServerLine): string {
  return `    server ${line.server} ${line.address}:${line.port}${OPTIONS[line.kind]}${line.ready ? '' : ' disabled'}`;
}

function path(places: RouterPlaces, name: MapName): string {
  return `${places.generation}/${name}`;
}
