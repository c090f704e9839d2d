import type { Foreign } from '../foreign.ts';
import { isFalse, isTrue } from '../names.ts';
import { copy, entry, list, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { pullEntry } from '../pull.ts';
import { stepText } from '../substitution.ts';
import type { Dialect, StepText } from '../substitution.ts';
import { conditionsOf } from './conditions.ts';
import type { Conditions, ConditionWords } from './conditions.ts';
import { environmentEntry } from './environment.ts';
import { settingsEntry } from './settings.ts';
import { volumesEntry } from './volumes.ts';
import type { DeclaredVolumes } from './volumes.ts';

/** What steps of Woodpecker and of Drone differ in. */
export interface StepWords extends ConditionWords {
  readonly dialect: Dialect;
  /** Values of each variable of the matrix. */
  readonly matrix: ReadonlyMap<string, readonly string[]>;
  /** Variables that every step has. */
  readonly environment: readonly Foreign[];
  /** Whether settings of a plugin may stand beside the other keys, as in old files. */
  readonly areSettingsLoose: boolean;
  /** See {@link volumesEntry}. */
  readonly declaredVolumes: DeclaredVolumes | null;
}

/** What a step or a workflow waits for. */
export interface Dependency {
  readonly name: string;
  readonly from: Foreign;
  /** Whether it may be missing. */
  readonly isOptional: boolean;
}

/** A step that was read, before the order of all of them is known. */
export interface ReadStep {
  readonly name: string;
  readonly from: Foreign;
  readonly when: Conditions | null;
  /** Names that the file lets it wait for; null where it says nothing. */
  readonly dependsOn: readonly Dependency[] | null;
  readonly dependsFrom: Foreign | null;
  /** Steps of one group, one after the other, run at once. */
  readonly group: string | null;
  readonly isDetached: boolean;
  readonly entries: readonly (OutEntry | null)[];
  readonly environment: OutEntry | null;
}

const SHARE = 'Keep it in a folder of the workspace, which all steps share.';

/** Keys that cannot be honoured, with why and our way. */
const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  privileged: ['no container of a build is privileged', 'Build images with `image:`.'],
  devices: ['no device of the host is given to a step', 'Remove it.'],
  backend_options: ['limits and users are the operator’s and the image’s', 'Remove it.'],
  resources: ['limits are set by the operator', 'Remove it.'],
  dns: ['the network is set by the operator', 'Remove it.'],
  dns_search: ['the network is set by the operator', 'Remove it.'],
  extra_hosts: ['the network is set by the operator', 'Name a service so.'],
  network_mode: ['the network is set by Slipway', 'Remove it.'],
  networks: ['the network is set by Slipway', 'Remove it.'],
  user: ['a step runs as its image’s user', 'Set USER in the image.'],
  tmpfs: ['steps share the workspace and nothing else', SHARE],
  shm_size: ['limits are set by the operator', 'Remove it.'],
  ulimits: ['limits are set by the operator', 'Remove it.'],
  mem_limit: ['limits are set by the operator', 'Remove it.'],
  cpu_quota: ['limits are set by the operator', 'Remove it.'],
  shell: ['commands are run by `sh -e`', 'Call the shell in `commands`.'],
  command: ['a step runs `commands`', 'Write the words as `commands`.'],
  auth_config: ['logins of registries are the server’s', 'Use `slipway registry login`.'],
};

export function readStep(step: Foreign, name: string, words: StepWords): ReadStep {
  const texts = stepText(words.dialect, words.matrix);
  const commands = step.get('commands');
  const settings = step.get('settings');
  const when = step.get('when');
  const depends = step.get('depends_on');
  // In Drone an empty list is none.
  const isEmpty = words.dialect.product === 'Drone' && depends?.oneOrMore().length === 0;
  if (isEmpty) depends?.needs('it names no step');
  const isGraph = depends !== undefined && !isEmpty;
  const detach = step.get('detach');
  const isDetached = detach !== undefined && isTrue(detach);
  if (isDetached) detach.use();
  else if (detach?.kind === 'text' && !isFalse(detach))
    detach.leaveOut('it is `true` or `false`', 'Write one of them.');
  else detach?.needs('it asks for nothing');
  step.get('name')?.use();
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) {
    const one = step.get(key);
    if (one !== undefined && isFalse(one)) one.needs('it asks for nothing');
    else one?.leaveOut(why, fix);
  }
  const own = commandsEntry(commands, texts);
  const isPlugin = own === null && (step.get('entrypoint')?.oneOrMore() ?? []).length === 0;
  const group = step.get('group')?.text() ?? null;
  const head = [
    imageEntry(step, step.get('image'), texts),
    pullEntry(step.get('pull')),
    entrypointEntry(step.get('entrypoint'), texts, own !== null),
    own,
    directoryEntry(step.get('directory') ?? step.get('working_dir'), words.dialect),
    failureEntry(step.get('failure'), step.get('ignore_errors')),
  ];
  const conditions = when === undefined ? null : conditionsOf(when, words);
  const secrets = step.get('secrets');
  if (isPlugin && words.dialect.product === 'Drone') {
    texts.addAll();
    noteStatus(when);
  }
  if (!isPlugin)
    settings?.leaveOut('a step has commands or settings', 'Give them to the commands as `environment`.');
  const loose = isPlugin && words.areSettingsLoose ? looseSettings(step) : [];
  const given = isPlugin ? settingsEntry(settings, loose, words.dialect, texts) : null;
  return {
    name,
    from: step,
    when: conditions,
    dependsOn: isGraph ? dependenciesOf(depends) : null,
    dependsFrom: isGraph ? depends : null,
    group,
    isDetached,
    entries: [...head, given, volumesEntry(step.get('volumes'), words.declaredVolumes)],
    environment: environmentEntry(words.environment, step.get('environment'), secrets, words.dialect, texts),
  };
}

/** A plugin that runs after a failure, too, looks at how the build stands. */
function noteStatus(when: Foreign | undefined): void {
  const status = when?.kind === 'map' && when.has('status') ? when.get('status') : undefined;
  status?.changes(
    'the plugin finds no `DRONE_BUILD_STATUS`, which is known only when the step runs: that is `CI_PIPELINE_STATUS` here',
    'Have it read that one, or write two steps, each with its status and `DRONE_BUILD_STATUS` in `environment`.',
  );
}

function commandsEntry(commands: Foreign | undefined, texts: StepText): OutEntry | null {
  if (commands === undefined || commands.kind === 'nothing') {
    commands?.needs('it is empty');
    return null;
  }
  const lines = flatten(commands).map((one) => text(texts.command(one.text() ?? '', one), one));
  const written = lines.filter(({ value }) => value.trim() !== '');
  return written.length === 0 ? null : entry('commands', list(written, commands), commands);
}

/** Items of a list, and of lists in it. */
function flatten(value: Foreign): readonly Foreign[] {
  return value.kind === 'list' ? value.items().flatMap(flatten) : value.kind === 'map' ? [] : [value];
}

/** Of the backend without containers, an image is a shell of the machine. */
function imageEntry(step: Foreign, image: Foreign | undefined, texts: StepText): OutEntry | null {
  if (image === undefined || image.peek() === '') {
    image?.use();
    step.changes('it names no image, and none is built for the file', 'Write `image`.');
    return null;
  }
  if (!image.peek().startsWith('/')) return wordEntry(image, texts);
  image.leaveOut('a step runs in an image, and this is a program of a machine', 'Name an image.');
  return null;
}

export function wordEntry(word: Foreign | undefined, texts: StepText): OutEntry | null {
  return word === undefined ? null : entry(word.key, text(texts.word(word.text() ?? '', word), word), word);
}

/** A word, or words. Beside commands it is what runs them there, from `$CI_SCRIPT`. */
function entrypointEntry(
  entrypoint: Foreign | undefined,
  texts: StepText,
  hasCommands: boolean,
): OutEntry | null {
  if (entrypoint === undefined) return null;
  const words = entrypoint.oneOrMore();
  if (words.length === 0) {
    entrypoint.needs('it is empty');
    return null;
  }
  if (hasCommands) {
    entrypoint.leaveOut('a step runs its commands by `sh -e`', 'Call another shell in `commands`.');
    return null;
  }
  const out = words.map((one) => copy(one, (word, at) => texts.word(word, at)));
  return entry('entrypoint', list(out, entrypoint), entrypoint);
}

/** Inside of the checkout; `${CI_WORKSPACE}` is the checkout. */
function directoryEntry(directory: Foreign | undefined, { checkout, product }: Dialect): OutEntry | null {
  if (directory === undefined) return null;
  const written = directory.peek();
  const inside = written
    .replace(/^\$?\{?(?:CI_WORKSPACE|DRONE_WORKSPACE)\}?\/?/, '')
    // Woodpecker's is below that folder, by the names of Git host and repository.
    .replace(product === 'Drone' ? new RegExp(`^${checkout.source}[^/]*/?`) : /^$/, '');
  if (inside.startsWith('/') || inside.startsWith('$') || inside.split('/').includes('..')) {
    directory.leaveOut('it is outside of the checkout', 'Write `cd` as the first command.');
    return null;
  }
  directory.use();
  return inside === '' ? null : entry('directory', text(inside, directory), directory);
}

function failureEntry(failure: Foreign | undefined, ignored: Foreign | undefined): OutEntry | null {
  if (ignored !== undefined) {
    const isIgnored = isTrue(ignored);
    ignored.use();
    if (isIgnored) return entry('failure', text('ignore', ignored), ignored);
  }
  if (failure === undefined) return null;
  const word = failure.peek();
  if (['ignore', 'fail', 'cancel'].includes(word)) return entry('failure', copy(failure), failure);
  // Drone's own word for what happens anyway.
  if (word === 'always') failure.needs('a failure fails the build');
  else failure.leaveOut(`\`${word}\` says nothing here`, '`failure` is fail, ignore or cancel.');
  return null;
}

/** Names, and maps with `name` and `optional`, which is false where nothing is said. */
export function dependenciesOf(depends: Foreign): readonly Dependency[] {
  return depends.oneOrMore().flatMap((one) => {
    const optional = one.kind === 'map' ? one.get('optional') : undefined;
    const isOptional = optional !== undefined && isTrue(optional);
    if (isOptional) optional.use();
    else optional?.needs('what is named has to be there');
    const name = one.kind === 'map' ? one.get('name')?.text() : one.text();
    return name === null || name === undefined ? [] : [{ name, from: one, isOptional }];
  });
}

/** Keys of a plugin's step that stand for settings, as in old files. */
function looseSettings(step: Foreign): readonly Foreign[] {
  return step.entries().filter(({ key }) => !KNOWN.has(key) && !(key in LEFT_OUT));
}

const KNOWN: ReadonlySet<string> = new Set([
  'name',
  'image',
  'commands',
  'settings',
  'when',
  'depends_on',
  'detach',
  'pull',
  'group',
  'entrypoint',
  'directory',
  'working_dir',
  'failure',
  'ignore_errors',
  'environment',
  'secrets',
  'volumes',
]);

/** Names of a step as lint takes them. */
export function stepNameOf(name: string): string {
  const clean = name
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 64)
    .trim();
  return clean === '' ? 'step' : clean;
}
