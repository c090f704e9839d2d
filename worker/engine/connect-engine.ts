import Dockerode from 'dockerode';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import path from 'node:path';
import { TIMES } from '../../config/times.ts';
import { Problem } from '../../src/core/problem.ts';
import { hasFile, putArchive } from './archive.ts';
import { attach } from './attach.ts';
import { createContainer } from './create-container.ts';
import { engineFacts, isUp } from './engine-facts.ts';
import { callEngine } from './engine-lost.ts';
import type { Engine } from './engine.ts';
import { listenToEvents } from './events.ts';
import { exec, inspectExec } from './exec.ts';
import { ImageRemovals } from './image-removals.ts';
import { importImage } from './import-image.ts';
import { inspectContainer } from './inspect-container.ts';
import { listOwned, listUnlabelledVolumes } from './list-owned.ts';
import { createNetwork, listNetworks } from './network.ts';
import { openConnections, watchPulse } from './pulse.ts';
import { pullImage } from './pull-image.ts';
import { killContainer, removeContainer, removeNetwork, removeVolume } from './remove.ts';
import { exitCodeOf, run } from './run.ts';

/**
 * Opens the engine at `host`, as in DOCKER_HOST (`unix://…`, `tcp://…`; with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH
 * where it needs them). It connects on first use. An engine that gives no sign of life for `silentMs` while something
 * is asked of it is lost; by then containers that are a dead man's switch have ended. A pull in which it says nothing for
 * `pullIdleMs` has failed.
 * @throws Problem `configuration_wrong` for an address it cannot use.
 */
export function connectEngine(
  host: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  silentMs: number = TIMES.deadManSwitch,
  pullIdleMs: number = TIMES.registryIdle,
): Engine {
  const options = clientOptions(host, environment);
  const connections = openConnections(options.protocol === 'https' ? 'https' : 'http');
  const docker = openClient(options, connections.agent);
  const answersStranger = async (timeoutMs: number): Promise<boolean> => {
    const agent = new (options.protocol === 'https' ? HttpsAgent : HttpAgent)({ keepAlive: false });
    try {
      return await isUp(openClient(options, agent), timeoutMs);
    } finally {
      agent.destroy();
    }
  };
  const events = listenToEvents(docker);
  const images = new ImageRemovals(docker);
  const endPulse = watchPulse(connections, answersStranger, silentMs);
  return {
    host,
    docker,
    events,
    hold: (onLost) => connections.hold(onLost),
    isUp: (timeoutMs = 2_000) => answersStranger(timeoutMs),
    facts: () => engineFacts(docker),
    inspectImage: (reference) => images.inspect(reference),
    removeImage: (name) => images.remove(name),
    pullImage: (reference, login, onLine, signal) =>
      pullImage(docker, { reference, login, onLine, signal, idleMs: pullIdleMs }),
    importImage: (name, tar) => importImage(docker, name, tar),
    createVolume: async (name, labels) => {
      await callEngine(() => docker.createVolume({ Name: name, Labels: { ...labels } }));
    },
    removeVolume: (name) => removeVolume(docker, name),
    createNetwork: (spec) => createNetwork(docker, spec),
    listNetworks: () => listNetworks(docker),
    removeNetwork: (name) => removeNetwork(docker, name),
    createContainer: (spec) => createContainer(docker, spec),
    startContainer: async (id) => {
      await callEngine(() => docker.getContainer(id).start());
    },
    inspectContainer: (id) => inspectContainer(docker, id),
    killContainer: (id, signal = 'KILL') => killContainer(docker, id, signal),
    removeContainer: (id) => removeContainer(docker, id),
    attach: (id) => attach(docker, id),
    putArchive: (id, directory, tar, signal) => putArchive(docker, id, directory, tar, signal),
    hasFile: (id, file) => hasFile(docker, id, file),
    exec: (id, spec) => exec(docker, id, spec),
    inspectExec: (execId) => inspectExec(docker, execId),
    exitCodeOf: (execId) => exitCodeOf(docker, execId),
    run: (id, spec) => run(docker, id, spec),
    listOwned: (labels) => listOwned(docker, labels),
    listUnlabelledVolumes: (prefix) => listUnlabelledVolumes(docker, prefix),
    close: () => {
      endPulse();
      events.close();
    },
  };
}

/** The client takes an agent, its types do not say so. */
function openClient(options: Dockerode.DockerOptions, agent: HttpAgent): Dockerode {
  const withAgent = { ...options, agent };
  return new Dockerode(withAgent);
}

/** Every field is named, so that nothing of DOCKER_HOST is mixed in by the client. */
function clientOptions(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): Dockerode.DockerOptions {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length), host: undefined };
  const url = URL.canParse(host) ? new URL(host) : null;
  if (url?.protocol !== 'tcp:')
    throw new Problem('configuration_wrong', {
      name: 'DOCKER_HOST',
      cause: `${host} is not unix:// or tcp://`,
    });
  const certificates = environment['DOCKER_CERT_PATH'];
  const tls = environment['DOCKER_TLS_VERIFY'] !== undefined && environment['DOCKER_TLS_VERIFY'] !== '';
  const read = (file: string) => readFileSync(path.join(certificates ?? '', file));
  return {
    socketPath: undefined,
    host: url.hostname,
    port: url.port === '' ? (tls ? 2376 : 2375) : Number(url.port),
    protocol: tls ? 'https' : 'http',
    ...(tls && certificates !== undefined
      ? { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
      : {}),
  };
}
