import type { Foreign } from '../foreign.ts';
import { nameText, uniqueNames } from '../names.ts';
import { needThere } from '../need-there.ts';
import type { ForeignDocument, ForeignFile } from '../open-file.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry, OutMap } from '../out.ts';
import { pullEntry } from '../pull.ts';
import { stepNameOf } from '../woodpecker/step.ts';
import { NO_IMAGE } from '../workflow.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { askedInputs } from './asked-variables.ts';
import { afterPeople } from './by-hand.ts';
import { includes } from './includes.ts';
import { noteUnused, OF_ALL, readJobs } from './jobs.ts';
import { imageEntry, readJob, referencedBy, writtenOf } from './read-job.ts';
import type { ReadJob } from './read-job.ts';
import { resourceGroups } from './resource-groups.ts';
import { readWorkflowRules } from './rules.ts';
import { withDefaults } from './spec-inputs.ts';
import { jobText } from './variables.ts';
import { namedBy, noteIndependent, waitsOf } from './waits.ts';

/** Jobs of GitLab, of the main file and those that it includes, as steps of one workflow. */
export function readGitlab(file: ForeignFile, files: readonly ForeignFile[]): readonly ReadWorkflow[] {
  const document = file.documents.find(({ root }) => !root.has('spec')) ?? file.documents[0];
  if (document === undefined) return [];
  const root = withDefaults(file, document);
  const workflows = workflowsOf({ ...document, root }, file, files);
  if (root !== document.root) root.noteRest();
  return workflows;
}

function workflowsOf(
  document: ForeignDocument,
  file: ForeignFile,
  files: readonly ForeignFile[],
): readonly ReadWorkflow[] {
  const { root } = document;
  const included = includes(root, file, files);
  const roots = [root, ...included];
  const jobs = readJobs(roots);
  const told = new Set<string>();
  const read = jobs.map((job) => readJob(job, told));
  const stages = stagesOf(roots, new Set(read.map(({ stage }) => stage)));
  const workflow = root.get('workflow');
  const when = workflow === undefined ? null : workflowWhen(root, workflow, roots);
  if (when === 'never' || jobs.length === 0) {
    root.use();
    return [];
  }
  noteUnused(roots);
  for (const one of roots) useGlobals(one);
  const services = servicesOf(read);
  const steps = stepsOf(root, read, stages);
  if (steps.length === 0) {
    root.leaveOut('none of its jobs runs commands here, and the file is left out', 'Write `steps`.');
    return [];
  }
  return [
    {
      name: 'default',
      file,
      document,
      out: map(
        [
          when,
          askedInputs(roots),
          resourceGroups(running(read).flatMap(({ resource }) => resource ?? [])),
          NO_IMAGE,
          services.length === 0 ? null : entry('services', list(services)),
          entry('steps', list(steps)),
        ],
        root,
      ),
    },
  ];
}

function stagesOf(roots: readonly Foreign[], used: ReadonlySet<string>): readonly string[] {
  const own = roots.find((root) => root.has('stages') || root.has('types'));
  const named = (own?.get('stages') ?? own?.get('types'))?.items().map((one) => {
    const name = one.text() ?? '';
    if (!used.has(name)) one.needs('no job is of this stage');
    return name;
  });
  return ['.pre', ...(named ?? ['build', 'test', 'deploy']), '.post'];
}

function workflowWhen(
  root: Foreign,
  workflow: Foreign,
  roots: readonly Foreign[],
): OutEntry | null | 'never' {
  workflow.get('name')?.needs('a build is named by its commit');
  workflow
    .get('auto_cancel')
    ?.leaveOut('only builds of a pull request’s older commits are ended', 'Remove it.');
  const rules = workflow.get('rules');
  if (rules === undefined) return null;
  for (const rule of rules.items())
    if (rule.kind === 'map') rule.get('auto_cancel')?.leaveOut('it is not converted', 'Remove it.');
  const defined = new Map(
    (root.get('variables')?.entries() ?? []).map((one) => [one.key, writtenOf(one)] as const),
  );
  const { when, isNever } = readWorkflowRules(rules, defined, (reference) =>
    referencedBy(reference, (name) => roots.find((one) => one.has(name))?.get(name)),
  );
  if (isNever)
    root.leaveOut('none of its rules can match here, and the file does nothing', 'Write a `when`.');
  return isNever ? 'never' : when;
}

/** What no job took, because each has its own. */
function useGlobals(root: Foreign): void {
  for (const key of ['image', 'services', 'before_script', 'after_script', 'cache', 'variables', 'default'])
    if (key === 'default') useDefaults(root.get(key));
    else if (root.get(key)?.kind !== 'list' || key !== 'variables') root.get(key)?.use();
}

/** Keys that jobs may take are taken, or each job has its own; others are none of `default`. */
function useDefaults(defaults: Foreign | undefined): void {
  defaults?.get('identity')?.leaveOut('a step gets no token of who it is', 'Use a secret.');
  for (const one of defaults?.entries() ?? []) if (OF_ALL.has(one.key)) one.use();
}

/** Those that become steps. */
function running(jobs: readonly ReadJob[]): readonly ReadJob[] {
  return jobs.filter(({ when, isIdle }) => !when.isNever && !isIdle);
}

function servicesOf(jobs: readonly ReadJob[]): readonly Out[] {
  const byName = new Map<string, { readonly out: Out; readonly said: string }>();
  for (const { services, job } of running(jobs)) {
    for (const { name, out } of services) {
      const said = JSON.stringify(out, (key, value: unknown) => (key === 'from' ? undefined : value));
      const known = byName.get(name);
      if (known === undefined) byName.set(name, { out, said });
      else if (known.said !== said)
        job
          .get('services')
          ?.changes(
            `two jobs have a service named \`${name}\`, and the first one’s is taken`,
            'Give it an alias of its own.',
          );
    }
  }
  return [...byName.values()].map(({ out }) => out);
}

function stepsOf(root: Foreign, jobs: readonly ReadJob[], stages: readonly string[]): readonly Out[] {
  const unique = uniqueNames();
  const kept = running(jobs);
  const names = new Map(
    kept.flatMap((read) => {
      const all = read.copies.map(({ suffix }) => nameText(unique(stepNameOf(read.job.name + suffix))));
      return [
        ...read.copies.map(
          ({ suffix }, index) => [read.job.name + suffix, all.slice(index, index + 1)] as const,
        ),
        [read.job.name, all] as const,
      ];
    }),
  );
  const order = (read: ReadJob) => stages.indexOf(read.stage);
  const narrowed = afterPeople(jobs, order);
  for (const read of jobs) {
    if (read.when.isNever)
      read.job.from.leaveOut('none of its conditions can hold here, and it is left out', 'Write a `when`.');
    else if (read.isIdle)
      read.job.from.leaveOut('it has no script that was read, and is left out', 'Write its `commands`.');
    else if (order(read) < 0)
      (read.stageFrom ?? read.job.from).changes(
        `\`${read.stage}\` is no stage of the file`,
        'The step runs at once.',
      );
  }
  noteIdle(jobs, kept);
  noteShared(kept);
  noteMissing(kept);
  const waits = waitsOf(kept, order);
  noteIndependent(kept, order, waits);
  if (kept.some((read) => waits(read).length > 0))
    root.changes(
      'its jobs share a checkout: each finds what those before have left, and there their artifacts alone',
      'Have a job remove first what it must not find.',
    );
  const steps = [...kept]
    .sort((a, b) => order(a) - order(b))
    .flatMap((read) => {
      const depends = [...new Set(waits(read).flatMap((name) => names.get(name) ?? []))];
      const needed = new Set(
        (read.needs ?? []).flatMap((one) => (one.isOptional ? [] : (names.get(one.name) ?? []))),
      );
      return read.copies.map(({ environment }, index) => {
        const name = names.get(read.job.name)?.[index] ?? read.job.name;
        return { name, needed, out: stepOf(narrowed.get(read) ?? read, name, depends, environment) };
      });
    });
  // No pipeline is made there without a job that another one needs.
  const there = needThere(
    steps,
    (step, other) => step.needed.has(other.name),
    (name) => name,
  );
  return there.map(({ out }) => out);
}

function stepOf(read: ReadJob, name: string, depends: readonly string[], more: readonly OutEntry[]): OutMap {
  const defined = new Map(
    [...read.environment, ...more].map((one) => [one.key, one.value.kind === 'text' ? one.value.value : '']),
  );
  const image = imageEntry(read.job, jobText(defined, '', new Set()));
  const ofImage = read.job.get('image');
  const pull = pullEntry(ofImage?.kind === 'map' ? ofImage.get('pull_policy') : undefined);
  const environment = map([...read.environment, ...more]);
  const variables = environment.entries.length === 0 ? null : entry('environment', environment);
  return map(
    [
      entry('name', text(name, read.job.from), read.job.from),
      image,
      pull,
      entry(
        'depends_on',
        list(
          depends.map((one) => text(one)),
          read.needsFrom,
        ),
        read.needsFrom ?? read.stageFrom,
      ),
      read.when.when,
      variables,
      ...read.entries,
    ],
    read.job.from,
  );
}

/** Jobs that are needed, and are not there. */
function noteMissing(jobs: readonly ReadJob[]): void {
  const there = namedBy(jobs);
  for (const { needs } of jobs)
    for (const { name, from, isOptional } of needs ?? [])
      if (!there.has(name) && !isOptional)
        from.leaveOut(`\`${name}\` is no job that runs here`, 'Remove it.');
}

/** Templates that only jobs extend that are left out: those are noted. */
function noteIdle(jobs: readonly ReadJob[], kept: readonly ReadJob[]): void {
  const inUse = new Set(kept.flatMap(({ job }) => job.chain));
  for (const { job } of jobs)
    for (const one of job.chain)
      if (one !== job.from && !inUse.has(one)) one.needs('only jobs that are left out extend it');
}

/** Jobs of one stage run side by side, each in a checkout of its own there, in one here. */
function noteShared(jobs: readonly ReadJob[]): void {
  const first = new Map<string, string>();
  for (const { stage, job, needs } of jobs) {
    const other = first.get(stage);
    if (other === undefined) first.set(stage, job.name);
    else if (needs === null && !first.has(`${stage} told`)) {
      job.from.changes(
        `it runs beside \`${other}\`, in the same checkout`,
        'Where both write the same files, name one in `depends_on` of the other.',
      );
      first.set(`${stage} told`, '');
    }
  }
}
