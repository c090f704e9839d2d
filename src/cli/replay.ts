import { readLocalRunSettings } from '../../config/local-run.ts';
import type { FetchArtifact } from '../../worker/local/artifact-shelf.ts';
import type { Decided } from '../../worker/local/local-lease.ts';
import type { Stop } from '../../worker/server/lease.ts';
import { Problem } from '../core/problem.ts';
import { workflowSecrets } from '../core/workflow-rows.ts';
import type { ReplayView } from '../core/views/replay-view.ts';
import { harmless } from '../pipeline/excerpt.ts';
import { ApiError } from './api-client.ts';
import { callServer, UsageError, WrongValue, type Call, type ServerCommand } from './call-server.ts';
import { findBuild, segment } from './find.ts';
import { paint } from './print.ts';
import { aboutBuild, isWithheld, replayCaches } from './replay/about-build.ts';
import { checkOutCommit } from './replay/check-out-commit.ts';
import { explainRun } from './run/explain-run.ts';
import { findLogins, isTerminal, secretKeeper } from './run/from-person.ts';
import { inOrder } from './run/plan-run.ts';
import { INTERRUPTED, runWorkflows, type WorkflowsRun, type WorkflowToRun } from './run/run-workflows.ts';

const USAGE = `slipway replay <build> [--workflow NAME] [--secret NAME]… [--secret-file FILE] [--shell-on-failure] [--plain]

Runs a build of the server that has ended again on this machine's Docker engine: the plan that is recorded of it, on its commit, in
the image that it pushed, by digest. An image that was not pushed, or is gone, is built of the commit. Secrets are not on the way:
they are asked for, but for a pull request from a fork, which has none. Nothing is pushed or deployed. <build> is an id, or like shop/web#12.
  --workflow NAME     only this workflow; what it waits for counts as done
  --secret NAME       a secret's value from the variable of the environment of that name, or of that name in capitals
  --secret-file FILE  secrets from lines NAME=value
  --shell-on-failure  open a shell in the container of a step that failed
  --plain             every line as it comes, also on a terminal
Exit status: 0 success, 1 failure, 2 wrong use, 130 ended by Ctrl-C.`;

const replay: ServerCommand = {
  usage: USAGE,
  arguments: [1, 1],
  options: {
    workflow: { type: 'string' },
    secret: { type: 'string', multiple: true },
    'secret-file': { type: 'string' },
    'shell-on-failure': { type: 'boolean' },
    plain: { type: 'boolean' },
  },
  run: async (call) => {
    const ending = new AbortController();
    const end = (): void => {
      if (ending.signal.aborted) process.exit(INTERRUPTED);
      ending.abort({ kind: 'cancelled', reason: 'ended by Ctrl-C' } satisfies Stop);
    };
    process.on('SIGINT', end).on('SIGTERM', end);
    try {
      return await replayBuild(call, ending.signal);
    } catch (error) {
      if (error instanceof ApiError || error instanceof UsageError) throw error;
      return explainRun(error, 'replay', USAGE);
    } finally {
      process.off('SIGINT', end).off('SIGTERM', end);
    }
  },
};

/** `slipway replay`. Gives the exit status. */
export const replayCommand = (argv: readonly string[]): Promise<number> => callServer(replay, argv);

async function replayBuild({ api, positionals, values }: Call, signal: AbortSignal): Promise<number> {
  const opensShell = values['shell-on-failure'] === true;
  if (opensShell && !isTerminal()) throw new WrongValue('--shell-on-failure needs a terminal');
  const settings = readLocalRunSettings(process.env);
  const id = await findBuild(api, positionals[0] ?? '');
  const view = await api.request<ReplayView>('GET', `/builds/${segment(id)}/replay`);
  const workflows = chosen(view, values['workflow']);
  const { secrets, registries } = isWithheld(view)
    ? demandNoSecrets(values)
    : await gather(workflows, values, signal);
  const { tree, from, remove } = await checkOutCommit(view.clone, process.cwd(), signal);
  try {
    sayWhat(view, workflows, from);
    return await runWorkflows(workflows, {
      tree,
      // The folder is another each time.
      cachesFor: replayCaches(api.server, view),
      isTrusted: !isWithheld(view),
      projectPath: view.projectPath,
      clone: view.clone,
      show: { opensShell, isPlain: values['plain'] === true || !process.stdout.isTTY },
      settings,
      fetchArtifact: artifactsOf(api),
      secrets,
      registries,
      signal,
    });
  } finally {
    await remove();
  }
}

type Given = Pick<WorkflowsRun, 'secrets' | 'registries'>;

async function gather(
  workflows: readonly WorkflowToRun[],
  values: Call['values'],
  signal: AbortSignal,
): Promise<Given> {
  const plans = workflows.map(({ plan }) => plan);
  const askSecrets = secretKeeper({
    secrets: textsOf(values['secret']),
    secretFile: textsOf(values['secret-file'])[0],
  });
  const secrets = await askSecrets([...new Set(plans.flatMap(workflowSecrets))], signal);
  const references = workflows.flatMap(({ image }) => image?.reference ?? []);
  return { secrets, registries: await findLogins(plans, references) };
}

/** @throws UsageError where some are given. */
function demandNoSecrets(values: Call['values']): Given {
  const option = ['secret', 'secret-file'].find((name) => values[name] !== undefined);
  if (option === undefined) return { secrets: {}, registries: {} };
  throw new WrongValue(
    `the build is of a pull request from a fork, which gets no secrets: leave --${option} out`,
  );
}

/** Those that ran, each after those that it waits for; or the one that is named, alone, with what the server has of others. */
function chosen(view: ReplayView, name: Call['values'][string]): readonly WorkflowToRun[] {
  if (name === undefined)
    return inOrder(view.workflows).map(({ takes: _, ...one }) => ({ ...one, decided: decidedOf(one) }));
  const named = view.workflows.filter((one) => one.name === name);
  if (named.length > 0)
    return named.map((one) => ({
      ...one,
      ...{ dependsOn: [], runsOn: ['success'], decided: decidedOf(one), takes: one.takes ?? undefined },
    }));
  const known = [...new Set(view.workflows.map((one) => one.name))].join(', ');
  throw new WrongValue(`the build has no workflow "${String(name)}"; it has: ${known}`);
}

/** An older server does not tell. */
const decidedOf = ({ images = {}, divisions = {} }: ReplayView['workflows'][number]): Decided => ({
  images,
  divisions,
});

/** What the server has of a build; its token may read all of that. */
function artifactsOf(api: Call['api']): FetchArtifact {
  return async ({ id, name }) => {
    const answer = await api.open(`/artifacts/${segment(id)}`).catch((error: unknown) => {
      throw error instanceof ApiError && error.status === 404
        ? new Problem('artifact_gone', { name })
        : error;
    });
    if (answer.body === null) throw new Error('the answer is empty');
    return answer.body;
  };
}

function textsOf(value: Call['values'][string]): readonly string[] {
  return [value ?? []].flat().filter((one) => typeof one === 'string');
}

function sayWhat(view: ReplayView, workflows: readonly WorkflowToRun[], from: string): void {
  const { projectPath, number, clone } = view;
  const what = `${projectPath}#${number}`;
  process.stderr.write(
    `${paint('bold', harmless(what))}: commit ${clone.commit.slice(0, 8)} of ${harmless(from)}\n`,
  );
  for (const line of aboutBuild(view)) process.stderr.write(`${paint('dim', line)}\n`);
  for (const { plan, image } of workflows)
    if (plan.image !== null && image === null)
      process.stderr.write(
        paint(
          'dim',
          'The image that the steps ran in was not pushed: it is built of the commit, and may differ.\n',
        ),
      );
}
