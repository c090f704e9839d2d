import { PHASES, type DeploymentPhase, type Release, type SlotRecord } from '../../src/core/deployment.ts';
import { applySlotAction, isHot, type SlotAction } from '../../src/core/slots.ts';
import type { DeploymentWork, LeaseSecrets } from '../../src/core/work.ts';
import { watchEngine, type WatchedEngine } from '../engine/watch-engine.ts';
import type { LogSink } from '../log-sink.ts';
import type { RouterEnvironment } from '../router/state.ts';
import type { Lease } from '../server/lease.ts';
import type { DeployTools } from './run-deployment.ts';

/** One deployment under way: what its phases share, and how far it is. */
export class Deploying {
  readonly lease: Lease<DeploymentWork>;
  readonly tools: DeployTools;
  readonly secrets: LeaseSecrets;
  readonly log: LogSink;
  /** Since the last {@link watch}; null before the first. */
  #engine: WatchedEngine | null = null;
  #phase: DeploymentPhase;
  #release: Release | null;
  /** The slots as recorded by now. */
  #slots: readonly SlotRecord[];

  constructor(lease: Lease<DeploymentWork>, tools: DeployTools, secrets: LeaseSecrets, log: LogSink) {
    this.lease = lease;
    this.tools = tools;
    this.secrets = secrets;
    this.log = log;
    this.#phase = lease.work.phase;
    this.#release = lease.work.release;
    this.#slots = lease.work.slots;
  }

  get work(): DeploymentWork {
    return this.lease.work;
  }

  /** The last phase that is recorded. */
  get phase(): DeploymentPhase {
    return this.#phase;
  }

  /** What is deployed. Known from the end of waiting on. */
  get release(): Release {
    if (this.#release === null) throw new Error('the release is not known while its image is not pushed');
    return this.#release;
  }

  /** Has `phase` recorded; resolves when it is durable. One that was recorded by an earlier attempt is not told again. */
  async enter(phase: DeploymentPhase, detail: string | null = null): Promise<void> {
    if (PHASES.indexOf(phase) <= PHASES.indexOf(this.#phase)) return;
    await this.lease.report({ type: 'deployment.phase', phase, detail });
    this.#phase = phase;
    const { candidate, deploymentId } = this.work;
    if (phase === 'starting')
      this.#slots = applySlotAction(this.#slots, { type: 'start', candidate, deploymentId });
  }

  /** From now on {@link isEngineUnwell} is of the engine as it is at this moment. @throws EngineLost */
  async watch(): Promise<void> {
    this.#engine = await watchEngine(this.tools.engine);
  }

  /** Whether the engine went away since {@link watch}, or is about to. */
  async isEngineUnwell(): Promise<boolean> {
    return (await this.#engine?.isUnwell()) ?? false;
  }

  know(release: Release): void {
    this.#release = release;
  }

  /** The slot that this deployment prepares. */
  get slot(): SlotRecord {
    const slot = this.work.slots.find(({ index }) => index === this.work.candidate);
    if (slot === undefined) throw new Error(`there is no slot ${this.work.candidate}`);
    return slot;
  }

  /** Whether the release runs as hot standby, so that a switch is all there is to do. */
  get isHot(): boolean {
    return isHot(this.slot, this.release.id);
  }

  /** The environment as the router is to have it after `action`. */
  after(action: SlotAction, slots: readonly SlotRecord[] = this.#slots): RouterEnvironment {
    const { environment } = this.work;
    return {
      ...environment,
      hosts: action.type === 'switch' ? this.release.settings.hosts : environment.hosts,
      candidateHost: action.type === 'prepare' ? (this.release.settings.hosts[0] ?? null) : null,
      slots: applySlotAction(slots, action),
    };
  }

  /** With the candidate at the side entrance. A standby that is started again is a candidate like any other. */
  get prepared(): RouterEnvironment {
    const { release, work } = this;
    const slots = work.slots.map((slot) =>
      slot.index === work.candidate ? { ...slot, role: 'empty' as const } : slot,
    );
    const action = {
      type: 'prepare',
      candidate: work.candidate,
      deploymentId: work.deploymentId,
      releaseId: release.id,
      port: release.settings.port,
    } as const;
    return this.after(action, slots);
  }

  get switched(): RouterEnvironment {
    const { release, work } = this;
    return this.after({
      type: 'switch',
      candidate: work.candidate,
      deploymentId: work.deploymentId,
      releaseId: release.id,
      port: release.settings.port,
      standbyUntilMs: this.tools.clock.nowMs() + release.settings.standbyMs,
    });
  }

  /** With what the drain has left: nothing beside live, where the release keeps no standby. */
  get drained(): RouterEnvironment {
    const { switched } = this;
    return this.release.settings.standbyMs > 0
      ? switched
      : { ...switched, slots: applySlotAction(switched.slots, { type: 'retire' }) };
  }
}
