import { setTimeout as sleep } from 'node:timers/promises';
import { TIMES } from '../../config/times.ts';
import { RouterAway } from '../router/runtime-client.ts';
import type { Refusal } from '../router/state.ts';
import { listApps, removeApp } from './app-container.ts';
import type { Deploying } from './deploying.ts';
import { drainSlot } from './drain-slot.ts';

/**
 * The point of no return: resolves when the server has recorded `switching`, and with it the slots as they will be.
 * @throws Problem `switch_refused`: nothing may be switched.
 */
export async function recordSwitch(deploying: Deploying): Promise<void> {
  await deploying.lease.confirm();
  await deploying.enter('switching');
}

/**
 * Moves the traffic and resolves when HAProxy was seen to serve the candidate. A deployment only goes forward here:
 * while the router is away it waits.
 */
export async function switchTraffic(deploying: Deploying): Promise<void> {
  const { tools, lease, log, work } = deploying;
  const environment = deploying.switched;
  const startMs = performance.now();
  for (let told = false; ; told = true) {
    const applied = await tools.router.put(environment);
    if (!applied.ok) throw overtaken(applied.refusal);
    if (applied.running && (await agrees(deploying))) break;
    if (!told) await log.say('The router does not answer; its files are switched, waiting for it.');
    await sleep(AWAY_MS);
    lease.lost.throwIfAborted();
  }
  const tookMs = (performance.now() - startMs).toFixed(1);
  await log.say(`Switched in ${tookMs} ms: slot ${work.candidate} is live.`);
  await deploying.enter('draining');
}

/**
 * Lets the slots that are no longer live finish what they have in hand, then removes what is empty now. The old live
 * slot stays as hot standby until its time is over; where it has none, it goes here.
 */
export async function retireSlots(deploying: Deploying): Promise<void> {
  await drainSlots(deploying);
  await deploying.log.say('The old slot has nothing in hand.');
  const { tools, work, log, release, drained } = deploying;
  if (release.settings.standbyMs === 0) {
    const applied = await tools.router.put(drained);
    if (!applied.ok) throw overtaken(applied.refusal);
  }
  const empty = drained.slots.filter(({ role }) => role === 'empty').map(({ index }) => Number(index));
  try {
    for (const app of await listApps(tools.engine, tools.router.dir, work.environment.id))
      if (empty.includes(app.slot)) await removeApp(tools, app, TIMES.stepGrace);
  } catch (error) {
    // The traffic has moved: what is left of an old release does not make the deployment fail.
    await log.say(
      `An old container stays for now: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function drainSlots({ tools, work, log, release, lease, switched }: Deploying): Promise<void> {
  const { backend } = work.environment;
  for (const { index } of switched.slots.filter((slot) => slot.index !== work.candidate)) {
    const { tookMs, cut } = await drainSlot({
      inFlight: async () => {
        lease.lost.throwIfAborted();
        return tools.router.inFlight(backend, index).catch(noneWhileAway);
      },
      cut: (what) =>
        tools.router
          .cut(backend, index, what)
          .catch(noneWhileAway)
          .then(() => undefined),
      ...release.settings.drain,
    });
    if (cut.requests + cut.connections > 0)
      await log.say(
        `Slot ${index} was cut off after ${Math.round(tookMs)} ms: ${cut.requests} requests, ${cut.connections} long connections.`,
      );
  }
}

/** Between two attempts to reach a router that is away. */
const AWAY_MS = 100;

function overtaken(refusal: Refusal): Error {
  return refusal.kind === 'problem'
    ? refusal.problem
    : new Error('a newer deployment of this environment has taken the router over');
}

async function agrees({ tools, work }: Deploying): Promise<boolean> {
  try {
    return (await tools.router.differences([work.environment.backend])).length === 0;
  } catch (error) {
    if (error instanceof RouterAway) return false;
    throw error;
  }
}

/** A router that is away has nothing in flight, nor has the one that comes after it. */
function noneWhileAway(error: unknown): { requests: number; connections: number } {
  if (error instanceof RouterAway) return { requests: 0, connections: 0 };
  throw error;
}
