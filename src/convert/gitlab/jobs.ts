import type { Foreign } from '../foreign.ts';

/** A job with all that it extends and the defaults of the file: the nearest that has a key gives it. */
export interface Job {
  readonly name: string;
  readonly from: Foreign;
  /** The job, then what it extends, nearest first. */
  readonly chain: readonly Foreign[];
  /** The value of a key, where the job or what it extends has it; then the file’s default. */
  get(key: string): Foreign | undefined;
  /** All values of a key, the nearest first, of which maps are merged. */
  all(key: string): readonly Foreign[];
  /** Another entry of the file, for `!reference`. */
  reference(name: string): Foreign | undefined;
}

/** Keys of the file that are no job. */
export const GLOBAL: ReadonlySet<string> = new Set([
  'stages',
  'types',
  'variables',
  'default',
  'image',
  'services',
  'before_script',
  'after_script',
  'cache',
  'include',
  'workflow',
  'spec',
  '$schema',
]);

/** Keys of a job that are read or refused; others are not documented. */
export const JOB_KEYS: ReadonlySet<string> = new Set([
  'after_script',
  'allow_failure',
  'artifacts',
  'before_script',
  'cache',
  'coverage',
  'dast_configuration',
  'dependencies',
  'environment',
  'except',
  'extends',
  'hooks',
  'id_tokens',
  'identity',
  'image',
  'inherit',
  'inputs',
  'interruptible',
  'manual_confirmation',
  'needs',
  'only',
  'pages',
  'publish',
  'parallel',
  'release',
  'resource_group',
  'retry',
  'rules',
  'run',
  'script',
  'secrets',
  'services',
  'stage',
  'start_in',
  'tags',
  'timeout',
  'trigger',
  'type',
  'variables',
  'when',
]);

export function readJobs(roots: readonly Foreign[]): readonly Job[] {
  const entries = new Map<string, Foreign>();
  for (const root of roots)
    for (const one of root.entries()) {
      if (GLOBAL.has(one.key)) continue;
      if (entries.has(one.key))
        one.leaveOut(
          'another file has an entry of this name, which counts as a whole',
          'Write its keys there.',
        );
      else entries.set(one.key, one);
    }
  const defaults = roots.map((root) => root.get('default')).filter((one) => one !== undefined);
  const used = new Set<string>();
  const jobs = [...entries.values()]
    .filter((one) => !one.key.startsWith('.') && one.kind === 'map')
    .map((from): Job => {
      const chain = chainOf(from, entries, used);
      const inherit = chain.find((one) => one.has('inherit'))?.get('inherit');
      const inherits = inheritance(inherit);
      const own = (key: string) => chain.find((one) => one.has(key))?.get(key);
      return {
        name: from.key,
        from,
        chain,
        get: (key) =>
          own(key) ??
          (inherits('default', key)
            ? [...defaults, ...roots].find((one) => one.has(key) && OF_ALL.has(key))?.get(key)
            : undefined),
        reference: (name) => {
          used.add(name);
          return entries.get(name);
        },
        all: (key) => [
          ...chain.flatMap((one) => one.get(key) ?? []),
          ...(key === 'variables' && inherits('variables', '')
            ? roots.flatMap((root) => root.get('variables') ?? [])
            : []),
        ],
      };
    });
  return jobs;
}

/** Templates that no job extends do nothing; to be called when all jobs are read. */
export function noteUnused(roots: readonly Foreign[]): void {
  for (const root of roots)
    for (const one of root.entries())
      if (one.key.startsWith('.') && one.isUnread) one.needs('no job extends it');
}

/** Keys that the file may give for all jobs. */
export const OF_ALL: ReadonlySet<string> = new Set([
  'image',
  'services',
  'before_script',
  'after_script',
  'cache',
  'artifacts',
  'interruptible',
  'retry',
  'tags',
  'timeout',
  'hooks',
  'id_tokens',
]);

/** Templates that one job may extend, and those extend. */
const MOST_TEMPLATES = 100;

/** What is there twice counts where it is nearest. */
function chainOf(job: Foreign, entries: ReadonlyMap<string, Foreign>, used: Set<string>): readonly Foreign[] {
  const chain: Foreign[] = [];
  const [path, done] = [new Set<string>(), new Set<string>()];
  add(job.key, job);
  return chain;

  function add(key: string, one: Foreign): void {
    chain.push(one);
    path.add(key);
    const extended = one.kind === 'map' ? (one.get('extends')?.oneOrMore() ?? []) : [];
    for (const each of [...extended].reverse()) addNamed(each);
    path.delete(key);
    done.add(key);
  }

  function addNamed(from: Foreign): void {
    const name = from.text() ?? '';
    const target = entries.get(name);
    if (target === undefined || path.has(name))
      from.leaveOut(
        `\`${name}\` is not in the files that were read`,
        'Convert it together with the file that has it.',
      );
    else if (chain.length > MOST_TEMPLATES)
      from.leaveOut(`a job extends more than ${MOST_TEMPLATES} templates`, 'Write its keys out.');
    else {
      used.add(name);
      if (!done.has(name)) add(name, target);
    }
  }
}

function inheritance(inherit: Foreign | undefined): (kind: 'default' | 'variables', key: string) => boolean {
  const [ofDefault, ofVariables] = [inherit?.get('default'), inherit?.get('variables')];
  const allows = (one: Foreign | undefined, key: string): boolean => {
    if (one === undefined) return true;
    if (one.kind === 'list') return key === '' || one.items().some((item) => item.text() === key);
    return one.text() !== 'false';
  };
  allows(ofDefault, '');
  if (ofVariables?.kind === 'list')
    ofVariables.changes('all variables of the file are there', 'Remove those that are not wanted.');
  return (kind, key) => (kind === 'default' ? allows(ofDefault, key) : allows(ofVariables, ''));
}
