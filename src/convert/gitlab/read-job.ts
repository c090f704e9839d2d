import { imageTemplate } from '../../pipeline/format/images.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { artifactsEntries } from './artifacts.ts';
import { noteByHand } from './by-hand.ts';
import { readCaches } from './cache.ts';
import { JOB_KEYS } from './jobs.ts';
import type { Job } from './jobs.ts';
import { readOnly } from './only.ts';
import { readRules } from './rules.ts';
import type { JobWhen } from './rules.ts';
import { askedVariable } from './asked-variables.ts';
import type { ResourceGroup } from './resource-groups.ts';
import { copiesOf, setForShares, splitEntry } from './copies.ts';
import type { Copy } from './copies.ts';
import { readService } from './services.ts';
import type { JobService } from './services.ts';
import { commandsEntry } from './shell.ts';
import { retryEntry, timeoutEntry } from './limits.ts';
import { variablesOf } from './job-variables.ts';
import { jobText } from './variables.ts';
import type { JobText } from './variables.ts';

/** A job that was read: one step, or several of a matrix, and the services that it asks for. */
export interface ReadJob {
  readonly job: Job;
  readonly stage: string;
  readonly stageFrom: Foreign | null;
  readonly needs:
    readonly { readonly name: string; readonly from: Foreign; readonly isOptional: boolean }[] | null;
  readonly needsFrom: Foreign | null;
  readonly when: JobWhen;
  /** What its steps have in common. */
  readonly entries: readonly (OutEntry | null)[];
  readonly environment: readonly OutEntry[];
  /** Environments of a matrix; one without entries for a job without. */
  readonly copies: readonly Copy[];
  /** Nothing of it runs. */
  readonly isIdle: boolean;
  readonly resource: ResourceGroup | null;
  readonly services: readonly JobService[];
}

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  coverage: ['a log is not searched for coverage', 'Remove it.'],
  environment: ['a step deploys nothing that is on the page of environments', 'Write `deploy`.'],
  release: ['no release is made on the Git host', 'Call its API in the commands.'],
  secrets: [
    'secrets are kept by the server',
    'Write `slipway secret set`, and `from_secret` in `environment`.',
  ],
  id_tokens: ['a step gets no token of who it is', 'Use a secret.'],
  identity: ['a step gets no token of who it is', 'Use a secret.'],
  trigger: ['a build starts no other', 'Call the API in the commands.'],
  pages: ['no pages are served', 'Write `deploy`.'],
  publish: ['no pages are served', 'Write `deploy`.'],
  hooks: ['nothing runs before the checkout', 'Write it as the first of `commands`.'],
  inputs: ['only a whole file has inputs', 'Write `inputs` at the top of the file.'],
  run: ['a step runs `commands`', 'Write them.'],
  dast_configuration: ['there is no scanner', 'Run one in a step.'],
  manual_confirmation: ['no step waits for a person', 'Remove it.'],
  start_in: ['no step waits for a time', 'Remove it.'],
};

export function readJob(job: Job, told: Set<string>): ReadJob {
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) job.get(key)?.leaveOut(why, fix);
  job.get('interruptible')?.needs('only builds of a pull request’s older commits are ended');
  const dependencies = job.get('dependencies');
  dependencies?.needs('steps share the workspace');
  const defined = definedBy(job);
  const scripts = ['before_script', 'script', 'after_script'].map((key) => linesOf(job.get(key), job));
  const ofAfter = job.get('after_script') ?? null;
  const texts = jobText(
    defined,
    [
      ...scripts.flat().map((one) => one.peek()),
      ...setForShares(job.get('parallel')),
      // The commands of such a job set it.
      ...(ofAfter === null ? [] : ['CI_JOB_STATUS=']),
    ].join('\n'),
    told,
  );
  const [before = [], main = [], after = []] = scripts.map((lines) =>
    lines
      .map((one) => text(texts.command(one.text() ?? '', one), one))
      .filter(({ value }) => value.trim() !== ''),
  );
  const commands = [...before, ...main];
  const script = job.get('script') ?? null;
  const allowed = failureOf(job.get('allow_failure'));
  const when = readWhen(job, defined, allowed);
  const stage = job.get('stage') ?? job.get('type');
  const needs = job.get('needs');
  const resource = job.get('resource_group');
  const inJob = [...scripts.flat().map((one) => one.peek()), ...defined.values()].join('\n');
  const services = (job.get('services')?.oneOrMore() ?? []).flatMap((one) => readService(one, texts, inJob));
  const variables = variablesOf(job, texts, defined);
  noteTags(job.get('tags'));
  const read: ReadJob = {
    job,
    stage: stage?.text() ?? 'test',
    stageFrom: stage ?? null,
    needs: needs === undefined ? null : needsOf(needs),
    needsFrom: needs ?? null,
    when,
    entries: [
      commandsEntry({ lines: commands, from: script }, { lines: after, from: ofAfter }),
      timeoutEntry(job.get('timeout')),
      when.isFailureAllowed ? entry('failure', 'ignore', job.get('allow_failure') ?? null) : null,
      retryEntry(job.get('retry')),
      splitEntry(job.get('parallel')),
      ...artifactsEntries(layersOf(job, 'artifacts'), job.name, defined),
      readCaches(job.get('cache'), texts),
    ],
    environment: [...texts.environment(), ...variables],
    copies: copiesOf(job.get('parallel'), texts),
    isIdle: commands.length === 0,
    resource:
      resource === undefined ? null : { from: resource, name: texts.key(resource.text() ?? '', resource) },
    services,
  };
  // What a nearer value of the same key stands for.
  for (const one of job.chain)
    for (const key of JOB_KEYS)
      if (one.kind === 'map' && key !== 'artifacts' && job.get(key) !== one.get(key)) standsFor(one.get(key));
  return read;
}

/** Another value of the key is nearer. */
function standsFor(further: Foreign | undefined): void {
  if (further?.key === 'cache' && further.kind === 'map')
    further.changes('it is not merged with the nearer one, which counts as a whole', 'Write its keys there.');
  further?.use();
}

/** What a job and its templates say under one key, which GitLab merges; else the file’s default. */
function layersOf(job: Job, key: string): readonly Foreign[] {
  const own = job.all(key);
  const standard = job.get(key);
  return own.length > 0 || standard === undefined ? own : [standard];
}

/** The image of a job, as the entry of its steps. */
export function imageEntry(job: Job, texts: JobText): OutEntry | null {
  const image = job.get('image');
  if (image === undefined) {
    job.from.changes('it names no image, and the runner’s own is not known here', 'Write `image`.');
    return null;
  }
  const name = image.kind === 'map' ? image.get('name') : image;
  if (image.kind === 'map') {
    const entrypoint = image.get('entrypoint');
    if (entrypoint?.kind === 'list' && entrypoint.items().every((one) => one.peek() === ''))
      entrypoint.needs('commands are run by a shell, whatever the entrypoint');
    else
      entrypoint?.leaveOut('commands are run by a shell, whatever the entrypoint', 'Write it in `commands`.');
    for (const key of ['docker', 'kubernetes'])
      image.get(key)?.leaveOut('an image runs as it is', 'Remove it.');
  }
  const written = texts.word(name?.text() ?? '', name ?? image);
  if (/^[/.]|\.\.|\$\[\[/.test(written) || imageTemplate.parse(written) === null)
    (name ?? image).changes('its variables have no value here', 'Write the image out.');
  return entry('image', text(written, name ?? image), image);
}

/** What the form of a pipeline by hand asks for is known only then. */
export function writtenOf(variable: Foreign): string {
  const asked = askedVariable(variable);
  if (asked !== null) return `\${${asked}}`;
  return variable.kind === 'map' ? (variable.get('value')?.peek() ?? '') : variable.peek();
}

function definedBy(job: Job): ReadonlyMap<string, string> {
  const defined = new Map<string, string>();
  for (const variables of job.all('variables'))
    for (const one of variables.kind === 'map' ? variables.entries() : [])
      if (!defined.has(one.key)) defined.set(one.key, writtenOf(one));
  const matrix = job.get('parallel');
  const rows = matrix?.kind === 'map' ? (matrix.get('matrix')?.items() ?? []) : [];
  for (const row of rows)
    for (const one of row.entries()) if (!defined.has(one.key)) defined.set(one.key, `\${${one.key}}`);
  return defined;
}

/** `!reference [.entry, key]`; undefined where there is no such entry, or key of it. */
export function referencedBy(
  reference: Foreign,
  entryOf: (name: string) => Foreign | undefined,
): Foreign | undefined {
  const [name = '', ...keys] = reference.items().map((one) => one.text() ?? '');
  return keys.reduce<Foreign | undefined>(
    (found, key) => (found?.kind === 'map' ? found.get(key) : undefined),
    entryOf(name),
  );
}

/** References that may lead to each other. */
const DEEPEST = 10;

/** Lines of a script, nested lists and `!reference`s written out. */
function linesOf(script: Foreign | undefined, job: Job, depth = 0): readonly Foreign[] {
  if (script === undefined) return [];
  if (script.tag === '!reference') {
    const found = referencedBy(script, (name) => job.reference(name));
    script.spend(depth < DEEPEST ? 0 : Infinity);
    if (found !== undefined) return linesOf(found, job, depth + 1);
    script.leaveOut('it is not in the files that were read', 'Write the commands out.');
    return [];
  }
  return script.kind === 'list'
    ? script.items().flatMap((one) => linesOf(one, job, depth))
    : script.kind === 'text'
      ? [script]
      : [];
}

function readWhen(job: Job, defined: ReadonlyMap<string, string>, isAllowed: boolean): JobWhen {
  const word = job.get('when');
  const said = word?.text() ?? 'on_success';
  if (said === 'on_success') word?.needs('a step runs after success');
  const status =
    said === 'always'
      ? list([text('success'), text('failure')])
      : said === 'on_failure'
        ? text('failure')
        : null;
  if (said === 'delayed') word?.changes('it waits for a time, and the step runs at once', 'Narrow `when`.');
  else if (said === 'manual' && word !== undefined) noteByHand(word);
  else if (!['on_success', 'on_failure', 'always', 'never'].includes(said))
    word?.leaveOut(`\`${said.slice(0, 40)}\` is no time that is known`, 'Write a `when`.');
  const rules = job.get('rules');
  const [only, except] = [job.get('only'), job.get('except')];
  if (said === 'never') return { when: null, isNever: true, isFailureAllowed: false, byHand: [] };
  // Where neither it nor a rule says otherwise, the failure of a job that a person starts is no failure.
  const isFailureAllowed =
    isAllowed || (said === 'manual' && rules === undefined && job.get('allow_failure') === undefined);
  const ofJob = { word: said, status, isFailureAllowed };
  if (rules !== undefined)
    return readRules(rules, defined, ofJob, (one) => referencedBy(one, (name) => job.reference(name)));
  return readOnly(only, except, defined, ofJob);
}

function failureOf(allowed: Foreign | undefined): boolean {
  if (allowed?.kind === 'map') {
    allowed
      .get('exit_codes')
      ?.changes('every exit code is ignored', 'End the commands with the codes that are to count.');
    allowed.get('exit_codes')?.use();
    return true;
  }
  return allowed?.text() === 'true';
}

function needsOf(needs: Foreign): NonNullable<ReadJob['needs']> {
  return needs.oneOrMore().flatMap((one) => {
    if (one.kind !== 'map') return [{ name: one.text() ?? '', from: one, isOptional: false }];
    one.get('artifacts')?.needs('steps share the workspace');
    for (const key of ['project', 'ref', 'pipeline', 'parallel'])
      one.get(key)?.leaveOut('a step waits for steps of its file', 'Name the steps.');
    const name = one.get('job')?.text() ?? null;
    const isOptional = one.get('optional')?.text() === 'true';
    return name === null ? [] : [{ name, from: one, isOptional }];
  });
}

function noteTags(tags: Foreign | undefined): void {
  tags?.leaveOut('a step does not choose its worker', 'Write `labels` for the file.');
}
