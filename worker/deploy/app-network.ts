import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import type { Engine } from '../engine/engine.ts';

/** The network that apps live on. */
export interface AppNetwork {
  readonly name: string;
  /** IPv4 range, e.g. `10.212.0.0/16`. Slots have the lower half (`slotAddress`), the engine gives away the upper. */
  readonly range: string;
}

/** Name of the network in a range: two installations on one engine have ranges, and so networks, of their own. */
export function appNetworkName(range: string): string {
  return `slipway-apps-${range.replace('/', '-')}`;
}

/**
 * Makes the apps' network when it is missing and returns the host's own address on it.
 * @throws Problem `configuration_wrong` when a network of that name lies in another range.
 */
export async function ensureAppNetwork(engine: Engine, network: AppNetwork): Promise<string> {
  const found = (await inspect(engine, network.name)) ?? (await make(engine, network));
  const [config] = found?.IPAM?.Config ?? [];
  if (config?.Subnet !== network.range)
    throw new Problem('configuration_wrong', {
      name: 'SLIPWAY_APP_NETWORK',
      cause: `the engine's network ${network.name} lies in ${config?.Subnet ?? 'no range'}, not in ${network.range}`,
    });
  return config['Gateway'] ?? firstAddress(network.range);
}

async function inspect(engine: Engine, name: string) {
  const [found] = await engine.docker.listNetworks({ filters: { name: [`^${name}$`] } });
  return found ?? null;
}

/** Two first deployments may make it at one time: the range is taken a moment before the other's network is seen. */
async function make(engine: Engine, network: AppNetwork) {
  const refusal = await create(engine, network).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  for (const deadline = performance.now() + MADE_BY_ANOTHER_MS; ; await sleep(50)) {
    const found = await inspect(engine, network.name);
    if (found !== null || refusal === null) return found;
    if (performance.now() > deadline) throw refusal.error;
  }
}

const MADE_BY_ANOTHER_MS = 3_000;

async function create(engine: Engine, { name, range }: AppNetwork): Promise<void> {
  await engine.docker.createNetwork({
    Name: name,
    Driver: 'bridge',
    CheckDuplicate: true,
    IPAM: {
      Driver: 'default',
      Config: [{ Subnet: range, IPRange: upperHalf(range), Gateway: firstAddress(range) }],
    },
    Labels: { 'slipway.apps': 'network' },
  });
}

/** `10.212.0.0/16` → `10.212.128.0/17`. */
export function upperHalf(range: string): string {
  const bits = Number(range.split('/')[1]);
  return `${plus(range, 2 ** (31 - bits))}/${bits + 1}`;
}

/** `10.212.0.0/16` → `10.212.0.1`, which is the host's where the engine has made the network. */
export function firstAddress(range: string): string {
  return plus(range, 1);
}

function plus(range: string, offset: number): string {
  const base = (range.split('/')[0] ?? '').split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return [24, 16, 8, 0].map((shift) => Math.floor((base + offset) / 2 ** shift) % 256).join('.');
}
