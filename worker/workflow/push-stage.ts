import { pushTarget } from '../../src/core/image-name.ts';
import type { BuiltImage } from '../../src/core/image.ts';
import { Problem } from '../../src/core/problem.ts';
import { unlessAborted } from '../../src/core/unless-aborted.ts';
import type { StepWork, WorkflowWork } from '../../src/core/work.ts';
import { openRegistry, type RegistryCredentials } from '../../src/registry/registry.ts';
import type { LogSink } from '../log-sink.ts';
import { badOutcome, type Outcome } from '../outcome.ts';
import { pushImage } from '../registry/push-image.ts';
import type { Lease } from '../server/lease.ts';
import { SUCCESS } from './outcomes.ts';
import type { Stages } from './stages.ts';
import type { WorkflowTools } from './tools.ts';

export interface PushWork {
  readonly image: BuiltImage;
  /** Registry credentials by `host[:port]`. */
  readonly logins: Readonly<Record<string, RegistryCredentials>>;
  readonly signal: AbortSignal;
}

/** The push stage: layers and manifest while the steps run, tags after their verdict. */
export class PushStage {
  readonly #stages: Stages;
  readonly #lease: Lease<WorkflowWork>;
  readonly #tools: WorkflowTools;
  readonly #push: PushWork;
  readonly #step: StepWork;
  readonly #log: LogSink;
  /** How often a manifest was asked to be put: each time is an effect of its own. */
  #puts = 0;
  readonly #pushed: Promise<{ outcome: Outcome; digest: string | null }>;

  /** Null when this workflow pushes nothing. */
  static begin(
    stages: Stages,
    lease: Lease<WorkflowWork>,
    tools: WorkflowTools,
    push: PushWork,
  ): PushStage | null {
    const step = stages.find('push');
    return pushTarget(lease.work.plan.push, lease.work.registry) === null || step === null
      ? null
      : new PushStage(stages, lease, tools, { push, step });
  }

  private constructor(
    stages: Stages,
    lease: Lease<WorkflowWork>,
    tools: WorkflowTools,
    { push, step }: { push: PushWork; step: StepWork },
  ) {
    this.#stages = stages;
    this.#lease = lease;
    this.#tools = tools;
    this.#push = push;
    this.#step = step;
    this.#log = stages.start(step);
    this.#pushed = this.#send();
    this.#pushed.catch(() => undefined);
  }

  /** Sets the tags when `tested` is a success, else none; returns the stage's own end. */
  async conclude(tested: Outcome): Promise<Outcome> {
    const { outcome, digest } = await this.#pushed;
    const end = outcome.status !== 'success' || digest === null ? outcome : await this.#tag(tested, digest);
    this.#stages.finish(this.#step, this.#log, end);
    return end;
  }

  get #target(): { host: string; insecure: boolean; repository: string; tags: readonly string[] } {
    const { plan, registry } = this.#lease.work;
    const target = pushTarget(plan.push, registry);
    if (target === null || plan.push === null) throw new Error('this workflow pushes nothing');
    return { ...target, tags: plan.push.tags };
  }

  async #send(): Promise<{ outcome: Outcome; digest: string | null }> {
    const { image, logins, signal } = this.#push;
    const { host, insecure, repository } = this.#target;
    const credentials = logins[host] ?? null;
    const idleMs = this.#tools.registryIdleMs;
    const { outcome, image: pushed } = await pushImage({
      engine: this.#tools.engine,
      imageId: image.imageId,
      leaseId: this.#lease.id,
      registry: openRegistry({ host, insecure, credentials }, undefined, idleMs),
      repository,
      credentials,
      idleMs,
      put: (digest, fresh) => this.#put(digest, fresh),
      onPushed: (image) => this.#lease.report({ type: 'image.pushed', image }),
      log: this.#log,
      signal,
    });
    return { outcome, digest: pushed?.digest ?? null };
  }

  /** The server's act: it knows who else names the digest, and removes it when this build ends red. */
  async #put(digest: string, fresh: boolean): Promise<void> {
    const { host, repository } = this.#target;
    const effect = { kind: 'put-manifest' as const, repository: `${host}/${repository}`, digest, fresh };
    const key = `put:${digest}:${(this.#puts += 1)}`;
    const answer = await unlessAborted(this.#lease.effect(key, effect), this.#push.signal);
    if (answer.state === 'done') return;
    const request = `put ${repository}@${digest}`;
    throw new Problem('registry_failed', { host, status: 'an error', request, cause: answer.reason });
  }

  async #tag(tested: Outcome, digest: string): Promise<Outcome> {
    if (tested.status !== 'success')
      return { status: 'skipped', reason: `no tag: the build ended with ${tested.status}`, exitCode: null };
    const { host, repository, tags } = this.#target;
    const effect = { kind: 'tag' as const, repository: `${host}/${repository}`, digest, tags: [...tags] };
    const answer = await this.#lease.effect(`tag:${this.#lease.work.build.id}`, effect);
    if (answer.state === 'failed') return badOutcome('tags_not_set', { cause: answer.reason });
    for (const tag of tags) await this.#log.say(`${repository}:${tag} is ${digest}`);
    return SUCCESS;
  }
}
