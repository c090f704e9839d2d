import { newId } from '../../../src/core/id.ts';
import {
  mayAbort,
  type DeploymentCause,
  type DeploymentPhase,
  type Release,
  type SlotRecord,
} from '../../../src/core/deployment.ts';
import { applySlotAction, chooseCandidate, slotAddress } from '../../../src/core/slots.ts';
import type { BuiltRelease, DeploymentWork, ReportBody, Signals } from '../../../src/core/work.ts';

/** One environment as the server records it, in memory: the same rules, no database. */
export class FakeRecord {
  slots: readonly SlotRecord[];
  hosts: readonly string[] = [];
  fence = 0;
  readonly id = newId('env');
  readonly backend: number;

  constructor(range: string, backend = 3) {
    this.backend = backend;
    this.slots = ([0, 1, 2] as const).map((index) => ({
      index,
      role: 'empty',
      address: slotAddress(range, backend, index),
      port: null,
      releaseId: null,
      deploymentId: null,
      startedBy: null,
      standbyUntilMs: null,
    }));
  }

  begin(
    release: Release,
    cause: DeploymentCause = 'build',
    built: BuiltRelease | null = null,
  ): FakeDeployment {
    return new FakeDeployment(this, release, cause, built);
  }
}

/** One deployment of it, over any number of claims. */
export class FakeDeployment {
  readonly id = newId('dep');
  readonly reports: ReportBody[] = [];
  readonly log: string[] = [];
  phase: DeploymentPhase = 'waiting';
  signals: Signals = { cancel: null, release: null, verdict: 'switch' };
  readonly #record: FakeRecord;
  readonly #release: Release;
  readonly #cause: DeploymentCause;
  readonly #built: BuiltRelease | null;
  #candidate: 0 | 1 | 2 | null = null;

  /** @param built Not null: the release is told by the signals only. */
  constructor(record: FakeRecord, release: Release, cause: DeploymentCause, built: BuiltRelease | null) {
    this.#built = built;
    this.#record = record;
    this.#release = release;
    this.#cause = cause;
  }

  get phases(): readonly DeploymentPhase[] {
    return this.reports.flatMap((report) => (report.type === 'deployment.phase' ? [report.phase] : []));
  }

  get end() {
    return this.reports.find((report) => report.type === 'deployment.finished') ?? null;
  }

  claim(): DeploymentWork {
    const record = this.#record;
    record.fence++;
    this.#candidate ??= chooseCandidate(record.slots, this.#release.id);
    if (mayAbort(this.phase))
      record.slots = applySlotAction(record.slots, {
        type: 'prepare',
        candidate: this.#candidate,
        deploymentId: this.id,
        releaseId: this.#release.id,
        port: this.#release.settings.port,
      });
    return {
      kind: 'deployment',
      deploymentId: this.id,
      cause: this.#cause,
      environment: {
        id: record.id,
        name: 'production',
        projectPath: 'shop/web',
        backend: record.backend,
        hosts: record.hosts,
        fence: record.fence,
      },
      release: this.#built === null ? this.#release : this.signals.release,
      built: this.#built,
      phase: this.phase,
      slots: record.slots,
      candidate: this.#candidate,
      logId: this.id,
    };
  }

  /** Takes a report in, as the server does: durable before it is acknowledged. */
  take(report: ReportBody): void {
    this.reports.push(report);
    const candidate = this.#candidate ?? 0;
    if (report.type === 'deployment.phase') {
      this.phase = report.phase;
      if (report.phase === 'starting')
        this.#record.slots = applySlotAction(this.#record.slots, {
          type: 'start',
          candidate,
          deploymentId: this.id,
        });
      if (report.phase === 'switching') {
        this.#record.hosts = this.#release.settings.hosts;
        this.#record.slots = applySlotAction(this.#record.slots, {
          type: 'switch',
          candidate,
          deploymentId: this.id,
          releaseId: this.#release.id,
          port: this.#release.settings.port,
          standbyUntilMs: Date.now() + this.#release.settings.standbyMs,
        });
      }
      if (report.phase === 'done' && this.#release.settings.standbyMs === 0)
        this.#record.slots = applySlotAction(this.#record.slots, { type: 'retire' });
    }
    if (report.type === 'deployment.finished' && mayAbort(this.phase))
      this.#record.slots = applySlotAction(this.#record.slots, { type: 'abort', candidate });
  }
}
