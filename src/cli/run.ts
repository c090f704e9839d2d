import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readLocalRunSettings, type LocalRunSettings } from '../../config/local-run.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { openShell } from '../../worker/local/open-shell.ts';
import { runLocally } from '../../worker/local/run-locally.ts';
import type { Outcome } from '../../worker/outcome.ts';
import type { Stop } from '../../worker/server/lease.ts';
import type { FailedStep } from '../../worker/steps/workflow-context.ts';
import { isReady } from '../core/decide-workflows.ts';
import { workflowLabel } from '../core/matrix-label.ts';
import { FOREIGN_PLACES, isForeignPath } from '../convert/read-foreign.ts';
import { Problem } from '../core/problem.ts';
import type { Status } from '../core/status.ts';
import { workflowSecrets } from '../core/workflow-rows.ts';
import { harmless } from '../pipeline/excerpt.ts';
import { gatherIncluded } from '../pipeline/include/gather-included.ts';
import { PIPELINE_FILE, PIPELINE_FOLDER, type PipelineFile } from '../pipeline/pipeline-files.ts';
import { UsageError } from './call-server.ts';
import { countProblems, formatProblems } from './format-problems.ts';
import { readClones, readIncludedHere, type Clones } from './included-files.ts';
import { filesBeside, readLintInput, UnreadableFile, workflowFiles } from './lint-input.ts';
import { paint } from './print.ts';
import { askSecret } from './run/ask-secret.ts';
import { gatherSecrets } from './run/gather-secrets.ts';
import {
  onlyCombinations,
  onlySteps,
  planRun,
  type RunFiles,
  type RunPlanned,
  type RunWorkflow,
} from './run/plan-run.ts';
import { eventOf, readRepository, type LocalEventKind, type LocalRepository } from './run/read-repository.ts';
import type { RunView } from './run/run-view.ts';
import { plainView } from './run/show-plain.ts';
import { treeView } from './run/show-tree.ts';
import { fingerprint, untilChanged } from './run/watch-tree.ts';

const USAGE = `Usage: slipway run [FILE] [--step NAME]… [--event push|pull_request|tag] [options]

Runs a pipeline file (${PIPELINE_FILE} by default, else all of ${PIPELINE_FOLDER}/, one after another) on this machine's Docker engine, as a worker would, on a copy of the
working tree as it is now: image, services and steps. Nothing is pushed or deployed; no server is needed.
  --step NAME         only this step, and others so named; what it depends on counts as done
  --matrix NAME=VALUE only the combinations of the matrix that have it, and others so named
  --event KIND        what \`when\` and the variables take it for: push (the default), pull_request or tag
  --secret NAME       a secret's value from the variable of the environment of that name, or of that name in capitals
  --secret-file FILE  secrets from lines NAME=value
  --include PROJECT=FOLDER  a clone of another project, whose files the pipeline includes
  --watch             run again whenever a file changes
  --shell-on-failure  open a shell in the container of a step that failed
  --plain             every line as it comes, also on a terminal
Exit status: 0 success, 1 failure, 2 wrong use, 130 ended by Ctrl-C.
`;

const EVENTS: readonly LocalEventKind[] = ['push', 'pull_request', 'tag'];

interface Options {
  readonly file: string | null;
  readonly steps: readonly string[];
  readonly matrix: Readonly<Record<string, string>>;
  readonly event: LocalEventKind;
  readonly secrets: readonly string[];
  readonly secretFile: string | undefined;
  readonly clones: Clones;
  readonly isWatching: boolean;
  readonly opensShell: boolean;
  readonly isPlain: boolean;
}

/** `slipway run`. Gives the exit status. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const ending = new AbortController();
  const end = (): void => {
    // The second time nothing is waited for; what is left goes with the next run.
    if (ending.signal.aborted) process.exit(INTERRUPTED);
    ending.abort({ kind: 'cancelled', reason: 'ended by Ctrl-C' } satisfies Stop);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    const options = readOptions(argv);
    if (options === null) {
      process.stdout.write(USAGE);
      return 0;
    }
    const settings = readLocalRunSettings(process.env);
    const secrets = secretKeeper(options);
    return options.isWatching
      ? await watchAndRun(options, settings, secrets, ending.signal)
      : await runOnce(options, settings, secrets, ending.signal);
  } catch (error) {
    return explain(error);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function readOptions(argv: readonly string[]): Options | null {
  const { values, positionals } = parse(argv);
  if (values.help === true) return null;
  if (positionals.length > 1) throw new UsageError('it runs one file');
  const event = EVENTS.find((kind) => kind === (values.event ?? 'push'));
  if (event === undefined)
    throw new UsageError(`there is no event "${values.event}"; it is push, pull_request or tag`);
  const opensShell = values['shell-on-failure'] === true;
  if (opensShell && !isTerminal()) throw new UsageError('--shell-on-failure needs a terminal');
  return {
    file: positionals[0] ?? null,
    steps: values.step ?? [],
    matrix: Object.fromEntries((values.matrix ?? []).map(readPair)),
    event,
    secrets: values.secret ?? [],
    secretFile: values['secret-file'],
    clones: readClones(values.include ?? []),
    isWatching: values.watch === true,
    opensShell,
    isPlain: values.plain === true || !process.stdout.isTTY,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        step: { type: 'string', multiple: true },
        matrix: { type: 'string', multiple: true },
        event: { type: 'string' },
        secret: { type: 'string', multiple: true },
        'secret-file': { type: 'string' },
        include: { type: 'string', multiple: true },
        watch: { type: 'boolean' },
        'shell-on-failure': { type: 'boolean' },
        plain: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function readPair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--matrix ${text}: write NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

const isTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Values of the secrets that a run needs. */
type Secrets = (needed: readonly string[], signal: AbortSignal) => Promise<Record<string, string>>;

/** A person is asked for each once, however many runs there are. */
function secretKeeper(options: Options): Secrets {
  const given: Record<string, string> = {};
  return async (needed, signal) => {
    const ask = async (name: string): Promise<string> => (given[name] ??= await askSecret(name, signal));
    return gatherSecrets(needed, {
      fromEnvironment: options.secrets,
      file: options.secretFile,
      environment: process.env,
      ask: isTerminal() ? ask : null,
    });
  };
}

/** Runs, and again at each change; a run that is under way then is cancelled. */
async function watchAndRun(
  options: Options,
  settings: LocalRunSettings,
  secrets: Secrets,
  over: AbortSignal,
): Promise<number> {
  const tree = await readRepository(folderOf(options.file));
  let hasSaid = false;
  const sayPolling = (why: string): void => {
    if (!hasSaid) process.stderr.write(`slipway: files are looked at every 2 s instead (${why})\n`);
    hasSaid = true;
  };
  for (;;) {
    const before = await fingerprint(tree);
    const round = new AbortController();
    const changed = untilChanged(tree, before, over, sayPolling).then(() =>
      round.abort({ kind: 'cancelled', reason: 'files have changed' } satisfies Stop),
    );
    changed.catch(() => undefined);
    await runOnce(options, settings, secrets, AbortSignal.any([over, round.signal])).catch(explain);
    if (over.aborted) return INTERRUPTED;
    if (!round.signal.aborted) process.stderr.write(paint('dim', 'Waiting for a change (Ctrl-C ends).\n'));
    try {
      await changed;
    } catch (error) {
      if (over.aborted) return INTERRUPTED;
      throw error;
    }
  }
}

/** Exit status after Ctrl-C. */
const INTERRUPTED = 130;

async function runOnce(
  options: Options,
  settings: LocalRunSettings,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<number> {
  const repository = await readRepository(folderOf(options.file));
  const planned = planRun(
    await readRunFiles(options, repository),
    repository,
    eventOf(repository, options.event),
    Date.now(),
  );
  if ('problems' in planned) {
    process.stderr.write(`${formatProblems(planned.problems, paint)}\n${countProblems(planned.problems)}\n`);
    return 1;
  }
  const workflows = stepsOf(onlyCombinations(planned.workflows, options.matrix), options.steps);
  const values = await secrets([...new Set(workflows.flatMap(({ plan }) => workflowSecrets(plan)))], signal);
  sayWhat(repository, planned, options);
  const run = { repository, ref: planned.ref, options, settings, values, signal };
  const ended: { readonly name: string; readonly status: Status }[] = [];
  let exitStatus = 0;
  for (const workflow of workflows) {
    if (workflows.length > 1) process.stderr.write(`\n${paint('bold', harmless(workflowLabel(workflow)))}\n`);
    const outcome = isReady(workflow, ended) ? await runWorkflow(workflow, run) : SKIPPED;
    if (outcome === SKIPPED) process.stderr.write(paint('dim', `Skipped: ${SKIPPED.reason}.\n`));
    ended.push({ name: workflow.name, status: outcome.status });
    exitStatus ||= statusOf(outcome, signal);
    if (signal.aborted) break;
  }
  return exitStatus;
}

const SKIPPED: Outcome = { status: 'skipped', reason: 'what it waits for ended otherwise', exitCode: null };

/** Those workflows that have one of the steps, with them alone; all where none is named. */
function stepsOf(workflows: readonly RunWorkflow[], steps: readonly string[]): readonly RunWorkflow[] {
  if (steps.length === 0) return workflows;
  const having = workflows.filter(({ plan }) => plan.steps.some(({ name }) => steps.includes(name)));
  const of = having.length === 0 ? workflows.slice(0, 1) : having;
  const named = new Set(of.flatMap(({ plan }) => plan.steps.map(({ name }) => name)));
  const unknown = steps.filter((name) => !named.has(name));
  return of.map((workflow) => {
    const own = steps.filter((name) => workflow.plan.steps.some((step) => step.name === name));
    return { ...workflow, dependsOn: [], plan: onlySteps(workflow.plan, [...own, ...unknown]) };
  });
}

interface Run {
  readonly repository: LocalRepository;
  readonly ref: string;
  readonly options: Options;
  readonly settings: LocalRunSettings;
  readonly values: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function runWorkflow(
  { plan, variables }: RunWorkflow,
  { repository, ref, options, settings, values, signal }: Run,
): Promise<Outcome> {
  const view = options.isPlain ? plainView(process.stdout) : treeView(process.stdout);
  const startedAt = performance.now();
  const outcome = await runLocally({
    tree: repository,
    plan,
    projectPath: repository.projectPath,
    clone: { url: repository.originUrl ?? '', ref, commit: commitOf(repository) },
    variables,
    secrets: values,
    settings,
    signal,
    audience: (rows) => view.begin(rows),
    ...(options.opensShell ? { onStepFailed: shellOpener(view) } : {}),
    onLeftover: (error) =>
      process.stderr.write(`slipway: something of a run is left: ${(error as Error).message}\n`),
  });
  view.end(outcome, performance.now() - startedAt);
  return outcome;
}

function statusOf({ status }: Outcome, signal: AbortSignal): number {
  if (status === 'success' || status === 'skipped') return 0;
  return signal.aborted ? INTERRUPTED : 1;
}

const folderOf = (file: string | null): string => path.resolve(file === null ? '.' : path.dirname(file));

/**
 * The file that was named, with the others of its folder where it is a workflow; else the one of this folder; else the
 * repository's, or its folder's.
 */
async function readRunFiles({ file, clones }: Options, { root }: LocalRepository): Promise<RunFiles> {
  const hasDockerfile = existsSync(path.join(root, 'Dockerfile'));
  const known =
    file ?? [PIPELINE_FILE, path.join(root, PIPELINE_FILE)].find((one) => existsSync(one)) ?? null;
  const paths = known === null ? filesOfRepository(root) : filesBeside(known);
  const files: PipelineFile[] = [];
  for (const one of paths) files.push({ path: path.relative('.', one), text: await readLintInput(one) });
  const own = files.filter((one) => !isForeignPath(one.path));
  const included = await gatherIncluded(own, readIncludedHere(root, clones, 'refused'));
  return { files, included, only: file === null ? null : path.relative('.', file), hasDockerfile };
}

/** The files of the first place that has any. */
function filesOfRepository(root: string): readonly string[] {
  for (const place of [PIPELINE_FOLDER, ...FOREIGN_PLACES]) {
    const found = path.join(root, place);
    if (!existsSync(found)) continue;
    const files = statSync(found).isDirectory() ? workflowFiles(found) : [found];
    if (files.length > 0) return files;
  }
  return [];
}

const commitOf = ({ head }: LocalRepository): string => head?.commit ?? '0'.repeat(40);

function sayWhat(repository: LocalRepository, { warnings, workflows }: RunPlanned, { event }: Options): void {
  if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings, paint)}\n`);
  const { branch, head, changedFiles, projectPath } = repository;
  const commit = head === null ? 'no commit yet' : head.commit.slice(0, 8);
  const changes = changedFiles === null ? '' : `, ${changedFiles.length} changed files`;
  process.stderr.write(
    `${paint('bold', projectPath)}: ${event} on ${branch ?? 'no branch'} (${commit}${changes})\n`,
  );
  const plans = workflows.map((workflow) => workflow.plan);
  const left = [
    plans.some((plan) => plan.push !== null) ? 'push' : '',
    plans.some((plan) => plan.deploys.length > 0) ? 'deploy' : '',
  ].filter(Boolean);
  if (left.length > 0) process.stderr.write(paint('dim', `Left out here: ${left.join(' and ')}.\n`));
}

/** One shell at a time: there is one terminal. */
function shellOpener(view: RunView) {
  let last: Promise<void> = Promise.resolve();
  const open = async (step: FailedStep, engine: Engine, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return;
    const resume = view.pause();
    process.stderr.write(
      `\n${harmless(step.name)} failed. A shell in its container; it goes when you leave it.\n`,
    );
    const terminal = { input: process.stdin, output: process.stdout };
    await openShell(engine, step, terminal, signal)
      .catch((error: Error) => process.stderr.write(`slipway: no shell: ${harmless(error.message)}\n`))
      .finally(resume);
  };
  return (step: FailedStep, engine: Engine, signal: AbortSignal) =>
    (last = last.then(() => open(step, engine, signal)));
}

function explain(error: unknown): number {
  if (error instanceof UsageError || error instanceof UnreadableFile) {
    const usage = error instanceof UsageError ? `\n${USAGE}` : '';
    process.stderr.write(`slipway run: ${error.message}\n${usage}`);
    return 2;
  }
  if (error instanceof Error && error.name === 'AbortError') return INTERRUPTED;
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`slipway: ${error.message}\n  ${error.fix}\n`);
  return 1;
}
