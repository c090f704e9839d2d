import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readLocalRunSettings, type LocalRunSettings } from '../../config/local-run.ts';
import type { Stop } from '../../worker/server/lease.ts';
import type { InputValues } from '../core/input.ts';
import { FOREIGN_PLACES, isForeignPath } from '../convert/read-foreign.ts';
import { workflowSecrets } from '../core/workflow-rows.ts';
import { gatherIncluded } from '../pipeline/include/gather-included.ts';
import { PIPELINE_FILE, PIPELINE_FOLDER, type PipelineFile } from '../pipeline/pipeline-files.ts';
import { UsageError, WrongValue } from './call-server.ts';
import { countProblems, formatProblems } from './format-problems.ts';
import { readClones, readIncludedHere, type Clones } from './included-files.ts';
import { filesBeside, readLintInput, workflowFiles } from './lint-input.ts';
import { paint } from './print.ts';
import { readPairs } from './read-pairs.ts';
import {
  onlyCombinations,
  namesOf,
  onlySteps,
  planRun,
  type RunFiles,
  type RunPlanned,
  type RunWorkflow,
} from './run/plan-run.ts';
import { eventOf, readRepository, type LocalEventKind, type LocalRepository } from './run/read-repository.ts';
import { explainRun } from './run/explain-run.ts';
import { findLogins, isTerminal, secretKeeper, type Secrets } from './run/from-person.ts';
import { INTERRUPTED, runWorkflows } from './run/run-workflows.ts';
import { fingerprint, untilChanged } from './run/watch-tree.ts';

const USAGE = `Usage: slipway run [FILE] [--step NAME]… [--event push|pull_request|tag|manual] [options]

Runs a pipeline file (${PIPELINE_FILE} by default, else all of ${PIPELINE_FOLDER}/, one after another) on this machine's Docker engine, as a worker would, on a copy of the
working tree as it is now: image, services and steps. Nothing is pushed or deployed; no server is needed.
  --step NAME         only this step, and others so named; what it depends on counts as done
  --matrix NAME=VALUE only the combinations of the matrix that have it, and others so named
  --event KIND        what \`when\` and the variables take it for: push (the default), pull_request, tag or manual
  --input NAME=VALUE  a value that the file asks for, and others so named; the event is then manual
  --secret NAME       a secret's value from the variable of the environment of that name, or of that name in capitals
  --secret-file FILE  secrets from lines NAME=value
  --include PROJECT=FOLDER  a clone of another project, whose files the pipeline includes
  --watch             run again whenever a file changes
  --shell-on-failure  open a shell in the container of a step that failed
  --plain             every line as it comes, also on a terminal
Exit status: 0 success, 1 failure, 2 wrong use, 130 ended by Ctrl-C.
`;

const EVENTS: readonly LocalEventKind[] = ['push', 'pull_request', 'tag', 'manual'];

interface Options {
  readonly file: string | null;
  readonly steps: readonly string[];
  readonly matrix: Readonly<Record<string, string>>;
  readonly event: LocalEventKind;
  readonly inputs: InputValues;
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
    return explainRun(error, 'run', USAGE);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function readOptions(argv: readonly string[]): Options | null {
  const { values, positionals } = parse(argv);
  if (values.help === true) return null;
  if (positionals.length > 1) throw new UsageError('it runs one file');
  const inputs = readPairs('input', values.input);
  const hasInputs = Object.keys(inputs).length > 0;
  const event = EVENTS.find((kind) => kind === (values.event ?? (hasInputs ? 'manual' : 'push')));
  if (event === undefined)
    throw new WrongValue(`there is no event "${values.event}"; it is push, pull_request, tag or manual`);
  if (hasInputs && event !== 'manual')
    throw new WrongValue(`only a build by hand has inputs: write --event manual, not ${event}`);
  const opensShell = values['shell-on-failure'] === true;
  if (opensShell && !isTerminal()) throw new WrongValue('--shell-on-failure needs a terminal');
  return {
    file: positionals[0] ?? null,
    steps: values.step ?? [],
    matrix: readPairs('matrix', values.matrix),
    event,
    inputs,
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
        input: { type: 'string', multiple: true },
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

/** Runs, and again at each change; a run that is under way then is cancelled. */
async function watchAndRun(
  options: Options,
  settings: LocalRunSettings,
  secrets: Secrets,
  over: AbortSignal,
): Promise<number> {
  const tree = await readRepository(folderOf(options.file));
  const warn = warner();
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
    const either = AbortSignal.any([over, round.signal]);
    await runOnce(options, settings, secrets, either, warn).catch((error: unknown) =>
      explainRun(error, 'run', USAGE),
    );
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

async function runOnce(
  options: Options,
  settings: LocalRunSettings,
  secrets: Secrets,
  signal: AbortSignal,
  warn = warner(),
): Promise<number> {
  const repository = await readRepository(folderOf(options.file));
  const planned = planRun(
    await readRunFiles(options, repository),
    repository,
    { event: eventOf(repository, options.event), inputs: options.inputs },
    Date.now(),
  );
  if ('problems' in planned) {
    process.stderr.write(`${formatProblems(planned.problems, paint)}\n${countProblems(planned.problems)}\n`);
    return 1;
  }
  const workflows = stepsOf(onlyCombinations(planned.workflows, options.matrix), options.steps);
  const values = await secrets([...new Set(workflows.flatMap(({ plan }) => workflowSecrets(plan)))], signal);
  warn(planned.warnings);
  sayWhat(repository, planned, options);
  const registries = await findLogins(workflows.map(({ plan }) => plan));
  return runWorkflows(workflows, {
    tree: repository,
    projectPath: repository.projectPath,
    clone: { url: repository.originUrl ?? '', ref: planned.ref, commit: commitOf(repository) },
    show: options,
    settings,
    secrets: values,
    registries,
    signal,
  });
}

/** Those workflows that have one of the steps, with them alone; all where none is named. */
function stepsOf(workflows: readonly RunWorkflow[], steps: readonly string[]): readonly RunWorkflow[] {
  if (steps.length === 0) return workflows;
  const having = workflows.filter(({ plan }) =>
    plan.steps.some((step) => namesOf(step).some((name) => steps.includes(name))),
  );
  const of = having.length === 0 ? workflows.slice(0, 1) : having;
  const named = new Set(of.flatMap(({ plan }) => plan.steps.flatMap(namesOf)));
  const unknown = steps.filter((name) => !named.has(name));
  return of.map((workflow) => {
    const own = steps.filter((name) => workflow.plan.steps.some((step) => namesOf(step).includes(name)));
    return { ...workflow, dependsOn: [], plan: onlySteps(workflow.plan, [...own, ...unknown]) };
  });
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

/** Shows warnings, unless they are those that it has shown last. */
function warner(): (warnings: RunPlanned['warnings']) => void {
  let last = '';
  return (warnings) => {
    const text = warnings.length === 0 ? '' : `${formatProblems(warnings, paint)}\n`;
    if (text !== last) process.stderr.write(text);
    last = text;
  };
}

function sayWhat(repository: LocalRepository, { workflows }: RunPlanned, { event }: Options): void {
  const { branch, head, changedFiles, projectPath } = repository;
  const commit = head === null ? 'no commit yet' : head.commit.slice(0, 8);
  const changes =
    changedFiles === null
      ? ''
      : `, ${changedFiles.length} changed ${changedFiles.length === 1 ? 'file' : 'files'}`;
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
