import { cacheEntry } from '../cache.ts';
import type { CacheOut } from '../cache.ts';
import type { Foreign } from '../foreign.ts';
import { hostNameOf, uniqueNames, workflowNameOf } from '../names.ts';
import type { ForeignFile } from '../open-file.ts';
import { copy, entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { stepNameOf } from '../woodpecker/step.ts';
import { NO_IMAGE } from '../workflow.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { readAction } from './actions.ts';
import { readDispatchInputs, type DispatchInputs } from './dispatch-inputs.ts';
import { readCondition, stepExpressions, variableOf } from './expressions.ts';
import { readTriggers, scheduleEntry } from './triggers.ts';

/** Jobs of a workflow of GitHub, each a workflow of ours: its steps share a checkout, and others do not. */
export function readGithub(file: ForeignFile): readonly ReadWorkflow[] {
  const [document] = file.documents;
  if (document === undefined) return [];
  const { root } = document;
  for (const key of ['name', 'run-name']) root.get(key)?.needs('a build is named by its commit');
  root.get('permissions')?.needs('a step gets no token of the Git host');
  root.get('concurrency')?.leaveOut('a newer push ends what still runs for the branch', 'Remove it.');
  const on = root.get('on') ?? root.get('true');
  const inputs = readDispatchInputs(on);
  const triggers = readTriggers(on);
  if (triggers === null) {
    root.leaveOut(
      'none of its events is there, and the file is left out',
      'Events are push, pull_request, tag, manual and cron.',
    );
    root.use();
    return [];
  }
  const jobs = root.get('jobs')?.entries() ?? [];
  const names = new Set<string>();
  /** Each job’s own comments: those above it follow the job before. */
  const endOf = (job: Foreign) => job.valueSpan.offset + job.valueSpan.length;
  const rangeOf = (index: number) => {
    const [before, job] = [jobs[index - 1], jobs[index]];
    const isLast = index === jobs.length - 1;
    return {
      start: before === undefined ? document.start : endOf(before),
      end: isLast || job === undefined ? document.end : endOf(job),
    };
  };
  const defaults = root.get('defaults');
  const read = jobs.flatMap((job, index) => {
    const schedule = names.size === 0 && on?.kind === 'map' ? scheduleEntry(on.get('schedule')) : null;
    const shared = { env: root.get('env'), defaults, triggers, names, on, inputs, schedule };
    const out = readJob(job, shared);
    if (out === null) return [];
    names.add(job.key);
    return [{ name: workflowNameOf(job.key), file, document: { root, ...rangeOf(index) }, out }];
  });
  root.get('env')?.use();
  useDefaults(defaults);
  return read;
}

function useDefaults(defaults: Foreign | undefined): void {
  const run = defaults?.get('run');
  run?.get('shell')?.use();
  run?.get('working-directory')?.use();
}

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  environment: ['a step deploys nothing that is on the page of environments', 'Write `deploy`.'],
  outputs: [
    'a workflow hands nothing to another',
    'Put both into one workflow, whose steps share the workspace.',
  ],
  concurrency: ['a newer push ends what still runs for the branch', 'Remove it.'],
  snapshot: ['workers run no machines', 'Remove it.'],
};

/** What all jobs of a file have. */
interface Shared {
  readonly env: Foreign | undefined;
  readonly defaults: Foreign | undefined;
  readonly triggers: readonly Out[];
  /** Of the jobs before. */
  readonly names: ReadonlySet<string>;
  readonly on: Foreign | undefined;
  readonly inputs: DispatchInputs;
  /** `cron`, which one of the workflows says for all. */
  readonly schedule: OutEntry | null;
}

function readJob(
  job: Foreign,
  { env, defaults, triggers, names, on, inputs, schedule }: Shared,
): (Out & { kind: 'map' }) | null {
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) job.get(key)?.leaveOut(why, fix);
  job.get('name')?.needs('a workflow is named by its key');
  job.get('permissions')?.needs('a step gets no token of the Git host');
  const uses = job.get('uses');
  if (uses !== undefined) {
    job.leaveOut('no workflow of another file is called, and the job is left out', 'Write its steps.');
    job.use();
    return null;
  }
  const condition = conditionOf(job.get('if'), inputs.known);
  if (condition === 'never') {
    job.leaveOut(
      'its `if` cannot be said by `evaluate`, or cannot hold here, and the job is left out',
      'Write a `when`.',
    );
    job.use();
    return null;
  }
  const needs = (job.get('needs')?.oneOrMore() ?? []).flatMap((one) => {
    const name = one.text() ?? '';
    if (names.has(name)) return [text(workflowNameOf(name), one)];
    one.leaveOut(`\`${name}\` is no job that runs here`, 'Remove it.');
    return [];
  });
  const ownEnv = [env, job.get('env')];
  const steps = readSteps(job, ownEnv, defaults, inputs.known);
  const strategy = job.get('strategy');
  const matrix = matrixEntry(strategy);
  if (steps.length === 0) {
    job.leaveOut('none of its steps runs commands, and it is left out', 'Write its steps as `commands`.');
    return null;
  }
  const services = job.get('services');
  return map(
    [
      whenEntry(triggers, condition?.evaluate ?? null, on),
      needs.length === 0 ? null : entry('depends_on', list(needs), job.get('needs') ?? null),
      condition === null || condition.status === 'success'
        ? null
        : entry(
            'runs_on',
            list(condition.status === 'always' ? [text('success'), text('failure')] : [text('failure')]),
          ),
      inputs.entry,
      schedule,
      labelsEntry(job.get('runs-on')),
      matrix,
      NO_IMAGE,
      services === undefined ? null : servicesEntry(services, job.has('container'), ownEnv, inputs.known),
      entry('steps', list(steps), job.get('steps') ?? null),
    ],
    job,
  );
}

/** Each event of the file, and what the job asks for besides. */
function whenEntry(
  triggers: readonly Out[],
  evaluate: string | null,
  on: Foreign | undefined,
): OutEntry | null {
  const all = triggers.map((one) =>
    evaluate === null || one.kind !== 'map'
      ? one
      : map([...one.entries, entry('evaluate', evaluate)], one.from),
  );
  const [only] = all;
  if (only === undefined) return evaluate === null ? null : entry('when', map([entry('evaluate', evaluate)]));
  return entry('when', all.length === 1 ? only : list(all), on ?? null);
}

function conditionOf(
  written: Foreign | undefined,
  inputs: DispatchInputs['known'],
): ReturnType<typeof readCondition> | 'never' {
  if (written === undefined) return null;
  const condition = readCondition(written.text() ?? '', inputs);
  return condition === null || condition.isNever ? 'never' : condition;
}

function labelsEntry(runsOn: Foreign | undefined): OutEntry | null {
  if (runsOn === undefined) return null;
  const labels = runsOn.kind === 'map' ? (runsOn.get('labels')?.oneOrMore() ?? []) : runsOn.oneOrMore();
  if (runsOn.kind === 'map') runsOn.get('group')?.leaveOut('workers have labels', 'Write `labels`.');
  const entries = labels.flatMap((one) => {
    const label = one.peek();
    if (/^ubuntu-|^self-hosted$|^linux$|^x64$/i.test(label)) {
      one.needs('workers run containers on Linux');
      return [];
    }
    if (/[^\w.-]/.test(label)) {
      one.leaveOut(
        'a label does not depend on a matrix, and any worker takes the workflow',
        'Write one workflow for each.',
      );
      return [];
    }
    one.use();
    return [entry('runs-on', text(label, one), one)];
  });
  return entries.length === 0 ? null : entry('labels', map(entries, runsOn), runsOn);
}

function matrixEntry(strategy: Foreign | undefined): OutEntry | null {
  if (strategy?.kind !== 'map') return null;
  for (const key of ['fail-fast', 'max-parallel'])
    strategy.get(key)?.leaveOut('the cases of a matrix do not know of each other', 'Remove it.');
  const matrix = strategy.get('matrix');
  if (matrix === undefined) return null;
  if (matrix.kind !== 'map') {
    matrix.leaveOut('a matrix is written in the file', 'Write the values out.');
    return null;
  }
  const hasLists = matrix.entries().some(({ key }) => key !== 'include' && key !== 'exclude');
  const entries = matrix.entries().flatMap((one) => {
    if (one.kind !== 'list') {
      one.leaveOut('a matrix is written in the file', 'Write the values out.');
      return [];
    }
    if (one.key === 'include' || one.key === 'exclude') {
      if (one.key === 'include' && hasLists)
        one.changes('each entry is a case of its own, and changes no other', 'Write the cases out.');
      const rows = one.items().filter(({ kind }) => kind === 'map');
      return [
        entry(
          one.key,
          list(
            rows.map((row) =>
              map(
                row
                  .entries()
                  .filter(isText)
                  .map((cell) => entry(variableOf(cell.key), copy(cell, exact), cell)),
                row,
              ),
            ),
          ),
          one,
        ),
      ];
    }
    const values = one.items().filter(isText);
    return values.length === 0
      ? []
      : [
          entry(
            variableOf(one.key),
            list(
              values.map((value) => copy(value, exact)),
              one,
            ),
            one,
          ),
        ];
  });
  return entries.length === 0 ? null : entry('matrix', map(entries, matrix), matrix);
}

/** `18.x` is the newest of 18, and so is the tag `18` of an image. */
const exact = (version: string): string => version.replace(/^(\d+(?:\.\d+)*)\.x$/, '$1');

function isText(value: Foreign): boolean {
  if (value.kind === 'text' && !value.peek().includes('${{')) return true;
  value.leaveOut('a value of a matrix is text', 'Write the values out.');
  return false;
}

function servicesEntry(
  services: Foreign,
  isInContainer: boolean,
  env: readonly (Foreign | undefined)[],
  inputs: DispatchInputs['known'],
): OutEntry {
  const texts = stepExpressions(definedBy(env), inputs);
  return entry(
    'services',
    list(
      services.entries().map((service) => {
        const ports = service.get('ports');
        if (ports !== undefined && !isInContainer)
          ports.changes(
            `steps reach it as \`${hostNameOf(service.key)}\`, and not on localhost`,
            'Write its name as the host.',
          );
        ports?.needs('steps reach every port of a service');
        service
          .get('credentials')
          ?.leaveOut('logins of registries are the server’s', 'Use `slipway registry set`.');
        service.get('volumes')?.leaveOut('a service keeps its data for one build', 'Remove it.');
        for (const key of ['command', 'entrypoint'])
          service.get(key)?.leaveOut('a service runs its image’s own command', 'Write `commands`.');
        const options = service.get('options');
        const written = options?.text() ?? '';
        const health = /--health-cmd[= ](?:"([^"]+)"|'([^']+)'|(\S+))/.exec(written);
        const others = written.replace(/--health-[\w-]+[= ](?:"[^"]*"|'[^']*'|\S+)/g, '').trim();
        if (others !== '')
          options?.changes(
            `\`${others.slice(0, 40)}\` is not passed on`,
            'Limits and network are the operator’s.',
          );
        const variables = service.get('env');
        const image = service.get('image');
        const command = health?.slice(1).find((one) => one !== undefined);
        return map(
          [
            entry('name', text(hostNameOf(service.key), service), service),
            image === undefined
              ? null
              : entry('image', text(texts.word(image.text() ?? '', image), image), image),
            variables === undefined
              ? null
              : entry(
                  'environment',
                  map(
                    variables.entries().map((one) => entry(one.key, texts.value(one.text() ?? '', one), one)),
                  ),
                  variables,
                ),
            command === undefined ? null : entry('ready', text(command, options ?? null), options ?? null),
          ],
          service,
        );
      }),
      services,
    ),
    services,
  );
}

function definedBy(env: readonly (Foreign | undefined)[]): ReadonlyMap<string, string> {
  return new Map(
    env.flatMap((one) =>
      one?.kind === 'map' ? one.entries().map((each) => [each.key, each.peek()] as const) : [],
    ),
  );
}

function readSteps(
  job: Foreign,
  env: readonly (Foreign | undefined)[],
  defaults: Foreign | undefined,
  inputs: DispatchInputs['known'],
): readonly Out[] {
  const container = job.get('container');
  const own = container?.kind === 'map' ? container.get('image') : container;
  for (const key of ['ports', 'volumes', 'options', 'credentials'])
    if (container?.kind === 'map')
      container.get(key)?.leaveOut('a step runs as its image says', 'Remove it.');
  const containerEnv = container?.kind === 'map' ? container.get('env') : undefined;
  let image: { value: string; from: Foreign | null } | null =
    own === undefined
      ? null
      : { value: stepExpressions(new Map(), inputs).word(own.text() ?? '', own), from: own };
  const unique = uniqueNames();
  const timeout = job.get('timeout-minutes');
  const allowed = job.get('continue-on-error');
  const runs = [job.get('defaults')?.get('run'), defaults?.get('run')];
  const out: Out[] = [];
  /** Of actions before the step that is to have them. */
  const caches: CacheOut[] = [];
  const steps = job.get('steps')?.items() ?? [];
  for (const [index, step] of steps.entries()) {
    const stepEnv = step.get('env');
    const texts = stepExpressions(definedBy([...env, containerEnv, stepEnv]), inputs);
    const named = step.get('name')?.text() ?? null;
    step.get('id')?.needs('nothing refers to a step by its id');
    const uses = step.get('uses');
    const condition = step.get('if');
    if (uses !== undefined) {
      const action = readAction(step, uses, step.get('with'), texts);
      if (action.kind === 'image') image = { value: action.image, from: action.from };
      if ('cache' in action && action.cache !== null) caches.push(action.cache);
      condition?.needs('the action is left out, or the image has its tool');
      for (const key of ['name', 'env', 'continue-on-error', 'timeout-minutes', 'shell', 'working-directory'])
        step.get(key)?.needs('nothing runs for the action');
      continue;
    }
    const run = step.get('run');
    if (run === undefined) continue;
    const said = conditionOf(condition, inputs);
    if (said === 'never') {
      step.leaveOut(
        'its `if` cannot be said by `evaluate`, or cannot hold here, and the step is left out',
        'Write a `when`.',
      );
      step.use();
      continue;
    }
    if (image === null) {
      job
        .get('runs-on')
        ?.changes(
          'a step runs in an image, and `ubuntu:24.04` has few of the runner’s tools',
          'Write `container`, or an image with the tools.',
        );
      image = { value: 'ubuntu:24.04', from: null };
    }
    const shell = step.get('shell') ?? runs.map((one) => one?.get('shell')).find((one) => one !== undefined);
    const shellName = shell?.text() ?? 'sh';
    if (!/^(?:ba)?sh\b/.test(shellName))
      shell?.changes(
        `commands are run by \`sh -e\`, and not by \`${shellName.slice(0, 20)}\``,
        'Call it in the commands.',
      );
    const directory =
      step.get('working-directory') ??
      runs.map((one) => one?.get('working-directory')).find((one) => one !== undefined);
    const command = texts.command(run.text() ?? '', run);
    const commands = shellName.startsWith('bash') && shell !== undefined ? bashOf(command) : command;
    const variables = map([
      ...[...env, containerEnv, stepEnv].flatMap((one) =>
        one?.kind === 'map' ? one.entries().flatMap((each) => variableEntry(each, texts)) : [],
      ),
      ...texts.environment(),
    ]).entries;
    const status = said === null ? 'success' : said.status;
    const conditionEntries = [
      said?.evaluate === null || said === null ? null : entry('evaluate', said.evaluate, condition ?? null),
      status === 'success'
        ? null
        : entry(
            'status',
            status === 'always' ? list([text('success'), text('failure')]) : text('failure'),
            condition ?? null,
          ),
    ].filter((one) => one !== null);
    const minutes = step.get('timeout-minutes') ?? timeout;
    const isIgnored = [step.get('continue-on-error'), allowed]
      .map((one) => one?.text() === 'true')
      .includes(true);
    const name = unique(stepNameOf((named ?? run.peek().split('\n')[0] ?? '') || `step ${index + 1}`));
    out.push(
      map(
        [
          entry(
            'name',
            text(
              name.replaceAll(/\$\{\{.*?\}\}/g, '').trim() || `step ${index + 1}`,
              step.get('name') ?? run,
            ),
            step.get('name') ?? step,
          ),
          entry('image', text(image.value, image.from)),
          conditionEntries.length === 0 ? null : entry('when', map(conditionEntries), condition ?? null),
          variables.length === 0 ? null : entry('environment', map(variables), stepEnv ?? null),
          directory === undefined
            ? null
            : directoryEntry(directory, texts.word(directory.text() ?? '', directory)),
          entry('commands', list([text(commands.replace(/\n+$/, ''), run)], run), run),
          minutes === undefined ? null : minutesEntry(minutes),
          cacheEntry(caches.splice(0)),
          isIgnored ? entry('failure', 'ignore', step.get('continue-on-error') ?? allowed ?? null) : null,
        ],
        step,
      ),
    );
  }
  return out;
}

/** Bash by name, where the file asks for it. */
function bashOf(command: string): string {
  return `bash -eo pipefail <<'END_OF_SCRIPT'\n${command.replace(/\n+$/, '')}\nEND_OF_SCRIPT`;
}

function variableEntry(one: Foreign, texts: ReturnType<typeof stepExpressions>): readonly OutEntry[] {
  if (/^(?:CI|CI_.*|SLIPWAY_.*)$/.test(one.key) || !/^[A-Za-z_]\w*$/.test(one.key)) {
    one.leaveOut('it is set by Slipway, or is no name of a variable', 'Choose another name.');
    return [];
  }
  return [entry(one.key, texts.value(one.text() ?? '', one), one)];
}

function directoryEntry(directory: Foreign, written: string): OutEntry | null {
  const inside = written.replace(/^\.\//, '');
  if (inside.startsWith('/') || inside.startsWith('$') || inside.split('/').includes('..')) {
    directory.leaveOut('it is outside of the checkout', 'Write `cd` as the first command.');
    return null;
  }
  return inside === '' || inside === '.' ? null : entry('directory', text(inside, directory), directory);
}

function minutesEntry(minutes: Foreign): OutEntry | null {
  const written = minutes.text() ?? '';
  if (/^[1-9]\d{0,3}$/.test(written)) return entry('timeout', text(`${written}m`, minutes), minutes);
  minutes.leaveOut('it is no number of minutes', 'Write e.g. `10m`.');
  return null;
}
