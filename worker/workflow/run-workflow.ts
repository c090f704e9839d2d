import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { BuiltImage } from '../../src/core/image.ts';
import type { LeaseSecrets, WorkflowWork } from '../../src/core/work.ts';
import { workflowLabels, type WorkflowLabels } from '../engine/labels.ts';
import { keepImage } from '../image/kept-images.ts';
import { buildRepository, removeBuildImages } from '../image/remove-build-images.ts';
import type { LogSink } from '../log-sink.ts';
import { reasonMasker } from '../logs/mask-reasons.ts';
import type { Outcome } from '../outcome.ts';
import { stopOf, type Lease } from '../server/lease.ts';
import { cleanUpWorkflow } from '../steps/clean-up-workflow.ts';
import { fillWorkspace } from '../steps/fill-workspace.ts';
import { demandOutsideEngine, whyVolumesRefused } from '../steps/host-volumes.ts';
import { makeVolumes } from '../steps/make-volumes.ts';
import { runSteps } from '../steps/run-steps.ts';
import { setUpWorkflow, type WorkflowPlace } from '../steps/set-up-workflow.ts';
import { ImageStage, type ImageEnd } from './image-stage.ts';
import { firstBad, mayRunAgain, outcomeOf, SUCCESS, unplanned } from './outcomes.ts';
import { PushStage } from './push-stage.ts';
import { Stages } from './stages.ts';
import { takeArtifacts } from './take-artifacts.ts';
import type { WorkflowTools } from './tools.ts';

/**
 * Runs one workflow under its lease. What does not depend on one another goes side by side: the network is made
 * while the checkout arrives, containers start while the image is built, layers travel untagged while the steps run.
 * Tags come only when all is green. What it made in the engine is gone when it resolves.
 * @throws LeaseLost when the lease is lost; every other end is an outcome, and reported.
 */
export async function runWorkflow(lease: Lease<WorkflowWork>, tools: WorkflowTools): Promise<Outcome> {
  const secrets = await lease.secrets();
  const run = new WorkflowRun(lease, tools, secrets);
  try {
    const outcome = reasonMasker(secrets)(await run.untilVerdict());
    const { status, reason, code } = outcome;
    const keeps = (await run.keepImage(outcome)) ? ({ keepsImage: true } as const) : {};
    await lease.report({ type: 'workflow.finished', status, reason, code, ...keeps });
    return outcome;
  } finally {
    await run.cleanUp().catch(tools.onLeftover);
  }
}

/** Why what needs the checkout does not run. */
const NO_FILES = 'the files of the workspace are not there: see the stage clone';

class WorkflowRun {
  readonly #lease: Lease<WorkflowWork>;
  readonly #tools: WorkflowTools;
  readonly #secrets: LeaseSecrets;
  readonly #labels: WorkflowLabels;
  readonly #checkout: string;
  readonly #stages: Stages;
  /** Aborts with the lease, or when something failed by surprise; its reason is the outcome of all that it cuts short. */
  readonly #ending = new AbortController();
  #cleared: Promise<void> = Promise.resolve();
  #image: BuiltImage | null = null;
  /** Settles when the server has the image on record, where there is one. */
  #imageRecorded: Promise<void> = Promise.resolve();

  constructor(lease: Lease<WorkflowWork>, tools: WorkflowTools, secrets: LeaseSecrets) {
    this.#lease = lease;
    this.#tools = tools;
    this.#secrets = secrets;
    this.#labels = workflowLabels(lease.work, lease.id, tools.workerName);
    this.#checkout = path.join(tools.checkouts, lease.id);
    this.#stages = new Stages(lease, secrets);
    const end = (): void => this.#ending.abort(outcomeOf(stopOf(lease.signal)));
    if (lease.signal.aborted) end();
    else lease.signal.addEventListener('abort', end, { once: true });
  }

  async untilVerdict(): Promise<Outcome> {
    const refused = whyVolumesRefused(this.#lease.work, this.#tools.steps.hostVolumes);
    if (refused !== null)
      return { status: 'failure', reason: refused, code: 'volume_refused', exitCode: null };
    const placed = Promise.withResolvers<WorkflowPlace>();
    const place = placed.promise;
    const clone = this.#stages.run('clone', async (log) => {
      const checkout = this.#checkOut(log);
      this.#setUp(log).then(placed.resolve, placed.reject);
      await Promise.allSettled([checkout, place]);
      return checkout;
    });
    const workspace = this.#fillWorkspace(place, clone);
    const image = this.#buildImage(clone);
    const push = image.then((end) => this.#push(end));
    const underWay = [place, clone, workspace, image, push];
    for (const part of underWay) part.catch(() => undefined);
    try {
      const { settled, cleared, ...tested } = await this.#runSteps(await place, workspace, image);
      this.#cleared = cleared;
      const verdict = await this.#conclude(firstBad([await clone, (await image).outcome, tested]), push);
      await settled;
      await this.#stages.told();
      return verdict;
    } catch (error) {
      const outcome = unplanned(error, this.#lease);
      this.#ending.abort(outcome);
      await Promise.allSettled(underWay);
      await this.#stages.told();
      return outcome;
    }
  }

  /** One that did not end green may run again in part: whether its image stays on the engine for that. */
  async keepImage(outcome: Outcome): Promise<boolean> {
    const { keepsImages, engine, onLeftover } = this.#tools;
    if (this.#image === null || keepsImages === undefined) return false;
    if (!mayRunAgain(outcome, stopOf(this.#lease.signal))) return false;
    try {
      const isDiskLow = await keepsImages.isDiskLow();
      return await keepImage(engine, this.#image, this.#lease.work.build.id, { isDiskLow, onLeftover });
    } catch (error) {
      onLeftover(error);
      return false;
    }
  }

  async cleanUp(): Promise<void> {
    await this.#cleared;
    await cleanUpWorkflow(this.#tools.engine, this.#labels);
    const left = await removeBuildImages(this.#tools.engine, buildRepository(this.#lease.id));
    // Its folder is what names a lease whose images are still to go.
    if (left === 0) await rm(this.#checkout, { recursive: true, force: true });
  }

  async #setUp(log: LogSink): Promise<WorkflowPlace> {
    const { engine, steps } = this.#tools;
    const { signal } = this.#ending;
    await demandOutsideEngine(engine, this.#lease.work.plan);
    await makeVolumes(engine, this.#labels, this.#lease.work.plan, steps, signal);
    return setUpWorkflow(engine, this.#labels, steps, signal, (why) => void log.say(why));
  }

  async #checkOut(log: LogSink): Promise<Outcome> {
    if (this.#lease.work.plan.skipClone === true) {
      await mkdir(this.#checkout, { recursive: true });
      await log.say('The file leaves the commit out: it is not checked out, and the workspace is empty.');
      return this.#takeArtifacts(log);
    }
    const files = await this.#tools.bringFiles({
      lease: this.#lease,
      directory: this.#checkout,
      log,
      signal: this.#ending.signal,
    });
    return files.status === 'success' ? this.#takeArtifacts(log) : files;
  }

  async #takeArtifacts(log: LogSink): Promise<Outcome> {
    const { takes } = this.#lease.work;
    if (takes === undefined) return SUCCESS;
    return takeArtifacts({
      takes,
      take: this.#lease.takeArtifact,
      directory: this.#checkout,
      keepingMs: this.#tools.steps.keepingMs,
      log,
      signal: this.#ending.signal,
    });
  }

  /** Steps wait for its end: a success when the files are there, else why they never will be. */
  async #fillWorkspace(place: Promise<WorkflowPlace>, clone: Promise<Outcome>): Promise<Outcome> {
    const [{ status }, where] = await Promise.all([clone, place]);
    if (status !== 'success') return { status: 'skipped', reason: NO_FILES, exitCode: null };
    await fillWorkspace(this.#tools.engine, this.#labels, where, this.#checkout);
    return SUCCESS;
  }

  async #buildImage(clone: Promise<Outcome>): Promise<ImageEnd> {
    const stage = new ImageStage(this.#stages, this.#lease, this.#tools, this.#secrets);
    if ((await clone).status !== 'success') return stage.skip(NO_FILES);
    const end = await stage.build(this.#checkout, this.#ending.signal);
    this.#image = end.image;
    this.#imageRecorded = stage.recorded;
    return end;
  }

  async #push({ image }: ImageEnd): Promise<PushStage | null> {
    await this.#imageRecorded;
    return image === null
      ? null
      : PushStage.begin(this.#stages, this.#lease, this.#tools, {
          image,
          logins: this.#secrets.registries,
          signal: this.#ending.signal,
        });
  }

  #runSteps(place: WorkflowPlace, workspace: Promise<Outcome>, image: Promise<ImageEnd>) {
    return runSteps({
      engine: this.#tools.engine,
      work: this.#lease.work,
      labels: this.#labels,
      place,
      workspace,
      builtImage: image.then(({ image: built }) => built?.testImageId ?? null),
      secrets: this.#secrets,
      openLog: (attemptId) => this.#stages.openLog(attemptId),
      report: (body) => this.#lease.report(body),
      signal: this.#ending.signal,
      settings: this.#tools.steps,
      onStepFailed: this.#tools.onStepFailed,
      caches: this.#tools.caches,
      onCancelStep: (listener) => this.#lease.onCancelStep(listener),
      divideFiles: (step, of, files, signal) => this.#lease.divideFiles(step, of, files, signal),
      nameImage: (name, found, signal) => this.#lease.nameImage(name, found, signal),
      sendArtifact: (about, pack, signal) => this.#lease.sendArtifact(about, pack, signal),
      keepTests: (attemptId, report, signal) => this.#lease.tests(attemptId, report, signal),
    });
  }

  async #conclude(tested: Outcome, push: Promise<PushStage | null>): Promise<Outcome> {
    const stage = await push;
    if (stage !== null) return firstBad([tested, await stage.conclude(tested)]);
    this.#stages.skip('push', 'there is no image to push');
    return tested;
  }
}
