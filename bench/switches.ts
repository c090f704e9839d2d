import http from 'node:http';
import path from 'node:path';
import { endOf, push } from '../test/support/builds.ts';
import { listApps } from '../worker/deploy/app-container.ts';
import { connectEngine } from '../worker/engine/connect-engine.ts';
import { HOST, serviceFiles } from './app-files.ts';
import { quantile, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const SWITCHES = 20;
const REQUESTS = 100_000;
const CONNECTIONS = 24;

interface Traffic {
  readonly latenciesMs: number[];
  requests: number;
  /** Answered with anything but 200. */
  lost: number;
  /** Connections that broke under a request. */
  cut: number;
  /** Of releases, in the order in which they first answered. */
  readonly versions: Set<string>;
  /** Answers of a release after the next one had answered: they were in flight at its switch. */
  drained: number;
}

/**
 * Traffic through the router while every slot is replaced again and again: GET and POST, keep-alive and new
 * connections, some requests 200 ms in flight. No release keeps a standby and none answers anything once it is asked
 * to end, so what a drain does not wait for is lost. Floor: 0 lost; the p99 of quick requests stands beside that of no
 * switch.
 */
export async function switches(ground: Ground): Promise<Figures<'switch'>> {
  const files = (version: string) => serviceFiles(version, 'same', { standby: '0s', isAbrupt: true });
  return measuredSystem(ground, files('0'), async ({ system, repository }) => {
    await endOf(system, await push(system, repository, files('begin')));
    const engine = connectEngine(ground.dockerHost);
    const quiet = await drive(system.routerUrl, () => false, 3_000);
    let done = false;
    const deployments = (async () => {
      for (let i = 1; i <= SWITCHES; i++) {
        const build = await endOf(system, await push(system, repository, files(`v${i}`)));
        if (build.deployments[0]?.status !== 'success') throw new Error(JSON.stringify(build));
        const { length } = await listApps(engine, path.join(system.dir, 'router'));
        if (length !== 1) throw new Error(`${length} containers of the app stand where one is live`);
        ground.say(`  switch ${i} of ${SWITCHES}`);
      }
    })().finally(() => (done = true));
    const traffic = await drive(system.routerUrl, (count) => done && count >= REQUESTS, 20 * 60_000);
    await deployments;
    engine.close();
    const p99Ms = round(quantile(traffic.latenciesMs, 0.99));
    return {
      rows: [
        {
          what: `requests through ${SWITCHES} switches, ${CONNECTIONS} connections: lost, cut`,
          value: `${traffic.lost} lost, ${traffic.cut} cut of ${traffic.requests} (${traffic.versions.size} releases answered, ${traffic.drained} requests after their switch)`,
          floor: '0',
          goal: '0 of ≥ 100,000',
        },
        {
          what: 'p99 of a quick request meanwhile',
          value: `${p99Ms} ms`,
          floor: `${round(quantile(quiet.latenciesMs, 0.99))} ms (no switch)`,
          goal: '–',
        },
      ],
      json: { requests: traffic.requests, lost: traffic.lost, cut: traffic.cut, p99Ms },
    };
  });
}

async function drive(url: string, enough: (requests: number) => boolean, limitMs: number): Promise<Traffic> {
  const traffic: Traffic = { latenciesMs: [], requests: 0, lost: 0, cut: 0, versions: new Set(), drained: 0 };
  const keepAlive = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = performance.now() + limitMs;
  const client = async (number: number): Promise<void> => {
    for (let i = 0; !enough(traffic.requests) && performance.now() < end; i++) {
      const slow = (number + i) % 25 === 0;
      const method = (number + i) % 3 === 0 ? 'POST' : 'GET';
      const fresh = number % 4 === 0;
      await ask(url, { method, path: slow ? '/slow' : '/', agent: fresh ? false : keepAlive }, traffic);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, number) => client(number)));
  keepAlive.destroy();
  return traffic;
}

function ask(
  url: string,
  wanted: { readonly method: string; readonly path: string; readonly agent: http.Agent | false },
  traffic: Traffic,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const start = performance.now();
  traffic.requests += 1;
  return new Promise((resolve) => {
    const fail = (): void => {
      traffic.cut += 1;
      resolve();
    };
    const request = http.request({ host: hostname, port, ...wanted, headers: { host: HOST } });
    request.on('error', fail);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('error', fail);
      response.on('end', () => {
        if (response.statusCode !== 200) traffic.lost += 1;
        else count(traffic, (JSON.parse(text) as { version: string }).version);
        if (wanted.path === '/') traffic.latenciesMs.push(performance.now() - start);
        resolve();
      });
    });
    request.end(wanted.method === 'POST' ? 'body' : undefined);
  });
}

function count(traffic: Traffic, version: string): void {
  traffic.versions.add(version);
  if ([...traffic.versions].at(-1) !== version) traffic.drained += 1;
}
