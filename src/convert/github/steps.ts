import { cacheEntry } from '../cache.ts';
import type { CacheOut } from '../cache.ts';
import type { Foreign } from '../foreign.ts';
import { nameText, uniqueNames } from '../names.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { stepNameOf } from '../woodpecker/step.ts';
import { readAction } from './actions.ts';
import { conditionOf } from './condition.ts';
import { definedBy } from './defined-by.ts';
import type { KeptUpload, Upload } from './download-artifact.ts';
import type { DispatchInputs } from './dispatch-inputs.ts';
import { stepExpressions } from './expressions.ts';
import { mayCallRust } from './tools.ts';

/** What a job has of others, and leaves to them. */
export interface Passing {
  /** Of the jobs that it needs, also through others. */
  readonly uploads: readonly Upload[];
  readonly kept: KeptUpload[];
  /** Entries of `artifacts` of its workflow. */
  readonly taken: Out[];
}

/** The steps of a job that run commands, each in the image that the actions before it asked for. */
export function readSteps(
  job: Foreign,
  env: readonly (Foreign | undefined)[],
  defaults: Foreign | undefined,
  inputs: DispatchInputs['known'],
  passing: Passing,
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
  const written = steps.map((one) => (one.kind === 'map' ? (one.get('run')?.peek() ?? '') : '')).join('\n');
  /** What each step begins with that may call the tool of its image. */
  let prepare: readonly string[] = [];
  for (const [index, step] of steps.entries()) {
    const stepEnv = step.get('env');
    const texts = stepExpressions(definedBy([...env, containerEnv, stepEnv]), inputs);
    const named = step.get('name')?.text() ?? null;
    step.get('id')?.needs('nothing refers to a step by its id');
    for (const key of ['parallel', 'background', 'wait', 'wait-all', 'cancel'])
      if (step.kind === 'map')
        step
          .get(key)
          ?.leaveOut('steps of a job run one after the other', 'Write `depends_on` between steps.');
    const uses = step.get('uses');
    const condition = step.get('if');
    if (uses !== undefined) {
      const action = readAction(step, uses, step.get('with'), texts, passing.uploads, written);
      if (action.kind === 'image') {
        image = { value: action.image, from: action.from };
        prepare = action.prepare;
      }
      if ('cache' in action && action.cache !== null) caches.push(action.cache);
      if (action.kind === 'artifacts') {
        const said = conditionOf(condition, inputs);
        if (said === 'never') {
          leaveOutFor(step);
          continue;
        }
        for (const key of ['env', 'continue-on-error', 'timeout-minutes', 'shell', 'working-directory'])
          step.get(key)?.needs('nothing runs for the action');
        passing.kept.push(action.upload);
        const name = unique(stepNameOf(named ?? 'Upload artifact'));
        out.push(
          map(
            [
              entry(
                'name',
                text(nameText(plain(name, index)), step.get('name') ?? null),
                step.get('name') ?? step,
              ),
              entry('image', text(image?.value ?? UPLOAD_IMAGE, image?.from ?? null)),
              whenEntry(said, condition),
              entry('commands', list([text('true')])),
              action.entry,
            ],
            step,
          ),
        );
        continue;
      }
      if (action.kind === 'takes') passing.taken.push(...takenOf(step, action.entries));
      else condition?.needs('the action is left out, or the image has its tool');
      for (const key of ['name', 'env', 'continue-on-error', 'timeout-minutes', 'shell', 'working-directory'])
        step.get(key)?.needs('nothing runs for the action');
      continue;
    }
    const run = step.get('run');
    if (run === undefined) continue;
    const said = conditionOf(condition, inputs);
    if (said === 'never') {
      leaveOutFor(step);
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
            text(nameText(plain(name, index)), step.get('name') ?? run),
            step.get('name') ?? step,
          ),
          entry('image', text(image.value, image.from)),
          whenEntry(said, condition),
          variables.length === 0 ? null : entry('environment', map(variables), stepEnv ?? null),
          directory === undefined
            ? null
            : directoryEntry(directory, texts.word(directory.text() ?? '', directory)),
          entry(
            'commands',
            list(
              [
                ...(mayCallRust(command) ? prepare : []).map((one) => text(one)),
                text(commands.replace(/\n+$/, ''), run),
              ],
              run,
            ),
            run,
          ),
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

/** They are there before the first step, whatever that says. */
function takenOf(step: Foreign, entries: readonly Out[]): readonly Out[] {
  const condition = step.get('if');
  const isAllowed = step.get('continue-on-error')?.text() === 'true';
  if (entries.length === 0) condition?.needs('the action is left out');
  else
    condition?.changes(
      'artifacts are taken before the first step, where they are there',
      'Nothing, if that does no harm.',
    );
  condition?.use();
  if (condition === undefined && !isAllowed) return entries;
  return entries.map((one) =>
    one.kind === 'map' ? map([...one.entries, entry('optional', 'true')], one.from) : one,
  );
}

/** Of a step that has nothing to run. */
const UPLOAD_IMAGE = 'busybox:1.36';

function plain(name: string, index: number): string {
  return name.replaceAll(/\$\{\{.*?\}\}/g, '').trim() || `step ${index + 1}`;
}

function leaveOutFor(step: Foreign): void {
  step.leaveOut(
    'its `if` cannot be said by `evaluate`, or cannot hold here, and the step is left out',
    'Write a `when`.',
  );
  step.use();
}

/** What an `if` that can be said asks for. */
function whenEntry(
  said: Exclude<ReturnType<typeof conditionOf>, 'never'>,
  condition: Foreign | undefined,
): OutEntry | null {
  if (said === null) return null;
  const { evaluate, status } = said;
  const from = condition ?? null;
  const entries = [
    evaluate === null ? null : entry('evaluate', evaluate, from),
    status === 'success'
      ? null
      : entry(
          'status',
          status === 'always' ? list([text('success'), text('failure')]) : text('failure'),
          from,
        ),
  ].filter((one) => one !== null);
  return entries.length === 0 ? null : entry('when', map(entries), from);
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
