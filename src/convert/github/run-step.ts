import { cacheEntry } from '../cache.ts';
import type { CacheOut } from '../cache.ts';
import type { Foreign } from '../foreign.ts';
import { nameText } from '../names.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { stepNameOf } from '../woodpecker/step.ts';
import { definedBy } from './defined-by.ts';
import { stepExpressions } from './expressions.ts';
import type { StepExpressions } from './expressions.ts';
import type { Condition } from './read-condition.ts';
import { needsBash } from './only-bash.ts';
import { replaceExpressions } from './replace-expressions.ts';
import type { Start } from './start.ts';
import { mayCallRust } from './tools.ts';

/** The image of a step, and what said so. */
export interface StepImage {
  readonly value: string;
  readonly from: Foreign | null;
}

/** What a step that runs commands has of what stands around it. */
export interface RunAround {
  readonly said: Condition | null;
  readonly image: StepImage;
  /** What it begins with where it may call the tool of its image. */
  readonly prepare: readonly string[];
  readonly caches: readonly CacheOut[];
  /** Of the file, of the job, and so on, the nearest last. */
  readonly env: readonly (Foreign | undefined)[];
  /** `defaults.run`, the nearest first. */
  readonly runs: readonly (Foreign | undefined)[];
  readonly timeout: Foreign | undefined;
  /** `continue-on-error` of what it is in. */
  readonly allowed: readonly (Foreign | undefined)[];
  readonly unique: (name: string) => string;
  readonly index: number;
  /** How builds begin in which it runs. */
  readonly start: Start;
}

/** A step with `run`; null, and noted, for one without a command. */
export function runStep(step: Foreign, run: Foreign, texts: StepExpressions, around: RunAround): Out | null {
  const { runs, prepare, env, index } = around;
  const command = texts.command(run.text() ?? '', run);
  if (command.trim() === '') {
    step.leaveOut('it runs nothing, and is left out', 'Remove it.');
    step.use();
    return null;
  }
  const named = step.get('name');
  const shell = step.get('shell') ?? runs.map((one) => one?.get('shell')).find((one) => one !== undefined);
  const shellName = shell?.text() ?? 'sh';
  if (!/^(?:ba)?sh\b/.test(shellName))
    shell?.changes(
      `commands are run by \`sh -e\`, and not by \`${shellName.slice(0, 20)}\``,
      'Call it in the commands.',
    );
  else if (shellName.replace(KNOWN_OPTIONS, '') !== '')
    shell?.changes('its options are not passed on', 'Write `set` in the commands, or what they read.');
  const directory =
    step.get('working-directory') ??
    runs.map((one) => one?.get('working-directory')).find((one) => one !== undefined);
  const ranBy =
    shell === undefined ? (needsBash(command, around.image.value) ? 'bash -e' : 'sh -e') : shellOf(shellName);
  const commands = ranBy === 'sh -e' ? command : scriptOf(command, ranBy);
  const inside =
    directory === undefined ? null : directoryEntry(directory, texts.word(directory.text() ?? '', directory));
  // Paths of caches are those of the checkout, wherever the commands start.
  const isEntered = inside?.value.kind === 'text' && around.caches.length > 0;
  const variables = map([
    ...env.flatMap((one, level) =>
      one?.kind === 'map'
        ? one.entries().flatMap((each) => {
            const outside = definedBy(env.slice(0, level < OF_FILE_AND_JOB ? level + 1 : level));
            const others = level < OF_FILE_AND_JOB ? without(outside, each.key) : outside;
            return variableEntry(each, stepExpressions(others, around.start));
          })
        : [],
    ),
    ...texts.environment(),
  ]).entries;
  const minutes = step.get('timeout-minutes') ?? around.timeout;
  const allowed = [step.get('continue-on-error'), ...around.allowed].filter(isAllowed);
  const written = named?.text() ?? '';
  const name = around.unique(nameOf(written === '' ? (run.peek().split('\n')[0] ?? '') : written, index));
  return map(
    [
      entry('name', text(nameText(name), named ?? run), named ?? step),
      entry('image', text(around.image.value, around.image.from)),
      whenEntry(around.said, step.get('if')),
      variables.length === 0 ? null : entry('environment', map(variables), step.get('env') ?? null),
      isEntered ? null : inside,
      entry(
        'commands',
        list(
          [
            ...(mayCallRust(command) ? prepare : []).map((one) => text(one)),
            ...(isEntered ? [text(`cd ${quoted(inside.value.value)}`, directory ?? null)] : []),
            text(commands.replace(/\n+$/, ''), run),
          ],
          run,
        ),
        run,
      ),
      minutes === undefined ? null : minutesEntry(minutes),
      cacheEntry(around.caches),
      allowed.length > 0 ? entry('failure', 'ignore', allowed[0] ?? null) : null,
    ],
    step,
  );
}

/** Levels of variables whose own ones they may not take there. */
const OF_FILE_AND_JOB = 2;

const without = (defined: ReadonlyMap<string, string>, name: string): ReadonlyMap<string, string> =>
  new Map([...defined].filter(([one]) => one !== name));

/** A step that keeps files, and does nothing else. */
export function uploadStep(
  step: Foreign,
  kept: OutEntry,
  {
    said,
    image,
    unique,
    index,
  }: Pick<RunAround, 'said' | 'unique' | 'index'> & { readonly image: StepImage | null },
): Out {
  for (const key of ['env', 'continue-on-error', 'timeout-minutes', 'shell', 'working-directory'])
    step.get(key)?.needs('nothing runs for the action');
  const named = step.get('name');
  const name = unique(nameOf(named?.text() ?? 'Upload artifact', index));
  return map(
    [
      entry('name', text(nameText(name), named ?? null), named ?? step),
      entry('image', text(image?.value ?? UPLOAD_IMAGE, image?.from ?? null)),
      whenEntry(said, step.get('if')),
      entry('commands', list([text('true')])),
      kept,
    ],
    step,
  );
}

/** Of a step that has nothing to run. */
const UPLOAD_IMAGE = 'busybox:1.36';

/** A name depends on no event, and is what is left without expressions. */
function nameOf(written: string, index: number): string {
  const plain = replaceExpressions(written, () => '').trim();
  return plain === '' ? `step ${index + 1}` : stepNameOf(plain);
}

/** What an `if` that can be said asks for. */
function whenEntry(said: Condition | null, condition: Foreign | undefined): OutEntry | null {
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

/**
 * What runs the commands of a `shell`: alone, `bash` stops at the first failure, also before a pipe, and `sh` at the first;
 * with options, as these say (GitHub, "Workflow syntax", `jobs.<job_id>.steps[*].shell`).
 */
function shellOf(written: string): string {
  const [, shell = 'sh', rest = ''] = /^(bash|sh)\b(.*)$/s.exec(written.trim()) ?? [];
  if (rest === '') return shell === 'bash' ? 'bash -eo pipefail' : 'sh -e';
  const stops = /\s-\w*e/.test(rest) ? ' -e' : '';
  return `${shell}${stops}${shell === 'bash' && /\bpipefail\b/.test(rest) ? ' -o pipefail' : ''}`.replace(
    '-e -o',
    '-eo',
  );
}

/** Of a shell by name, where the file asks for it, or has what only that one knows. It reads the script beside its input, which commands may read. */
function scriptOf(command: string, shell: string): string {
  const lines = command.replace(/\n+$/, '').split('\n');
  let word = 'END_OF_SCRIPT';
  while (lines.includes(word)) word += '_';
  return `${shell} /dev/fd/3 3<<'${word}'\n${lines.join('\n')}\n${word}`;
}

/** Options of a shell that are passed on, or say what holds anyway. */
const KNOWN_OPTIONS = /^(?:ba)?sh|\s+(?:--noprofile|--norc|-e|-eo pipefail|-o pipefail|\{0\})(?=\s|$)/g;

function variableEntry(one: Foreign, texts: StepExpressions): readonly OutEntry[] {
  // Those of the file are written out in each step.
  one.spend(one.peek().length);
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

/** Whether `continue-on-error` says yes; what depends on anything is noted. */
export function isAllowed(allowed: Foreign | undefined): boolean {
  if (allowed === undefined) return false;
  const said = (allowed.text() ?? '').replace(/^\$\{\{\s*(true|false)\s*\}\}$/, '$1');
  if (!/^(?:true|false)?$/.test(said))
    allowed.leaveOut(
      'whether a failure counts depends on nothing, and it counts',
      'Write `failure: ignore`, or two steps.',
    );
  return said === 'true';
}

/** As a word of the shell, which replaces `${…}` in it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path.replace(/["\\`]|\$(?!\{)/g, '\\$&')}"`;
}

function minutesEntry(minutes: Foreign): OutEntry | null {
  const written = minutes.text() ?? '';
  if (/^[1-9]\d{0,3}$/.test(written)) return entry('timeout', text(`${written}m`, minutes), minutes);
  minutes.leaveOut('it is no number of minutes', 'Write e.g. `10m`.');
  return null;
}
