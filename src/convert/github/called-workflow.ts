import type { Foreign } from '../foreign.ts';
import { bindingOf, type Bindings, type Given } from './bind-inputs.ts';
import { conditionOf } from './condition.ts';
import { findLocal, localPath, topOf, type LocalFile } from './local-files.ts';
import type { Needs } from './needs.ts';
import type { Condition } from './read-condition.ts';
import type { JobsAround } from './read-jobs.ts';

/** Workflows that call each other, as many as there. */
const DEEPEST = 10;

/** The job by which the jobs of a file are called. */
export interface Call {
  /** What their names begin with. */
  readonly prefix: string;
  readonly needs: Omit<Needs, 'isFirst'>;
  readonly condition: Condition | null;
  /** What is passed, by name in capitals; null: all, under their own names. */
  readonly secrets: Bindings['secrets'];
  /** Paths of the files that call each other, the outermost first. */
  readonly files: readonly string[];
}

interface Called {
  readonly around: JobsAround;
  /** Notes what nobody has read of the file. */
  readonly leave: () => void;
}

/** Reads a job that calls a workflow of the repository; null, and noted, where its jobs cannot stand in its place. */
export function enterWorkflow(job: Foreign, needs: Needs, around: JobsAround): Called | null {
  const { call, run, files } = around;
  const uses = job.get('uses')?.text() ?? '';
  job.get('name')?.needs('a workflow is named by its key');
  job.get('permissions')?.needs('a step gets no token of the Git host');
  job
    .get('concurrency')
    ?.leaveOut('the jobs that are called are counted by what their file says', 'Write `concurrency` there.');
  const found = findLocal(uses, topOf(around.file.name), files);
  const calls = [...(call?.files ?? [around.file.name]), ...(found === null ? [] : [found.file.name])];
  const own = conditionOf(job.get('if'), around.start);
  const refused = refusal(job, uses, found, calls, own === 'never');
  if (found === null || refused !== null || own === 'never') {
    const [why, fix] = refused ?? ['', ''];
    job.leaveOut(`${why}, and the job is left out`, fix);
    job.use();
    return null;
  }
  run.called.add(found.file);
  const { root, secrets, leave } = bindCalled(job, found, call?.secrets ?? null);
  const [document] = found.file.documents;
  if (document === undefined) return null;
  return {
    around: {
      ...around,
      ...{ root, file: found.file, document },
      call: {
        prefix: call === null ? job.key : `${call.prefix}-${job.key}`,
        needs,
        condition: withCaller(call?.condition ?? null, own, needs.isFirst, job) ?? ALWAYS,
        secrets,
        files: calls,
      },
    },
    leave,
  };
}

const ALWAYS: Condition = { evaluate: null, status: 'success', isNever: false };

/** Why a call has no jobs for us, and our way. */
function refusal(
  job: Foreign,
  uses: string,
  found: LocalFile | null,
  calls: readonly string[],
  isNever: boolean,
): readonly [string, string] | null {
  if (isNever) return ['its `if` cannot be said by `evaluate`, or cannot hold here', 'Write a `when`.'];
  if (!uses.startsWith('./') || localPath(uses) === null)
    return ['only workflows of the repository are called', 'Write its steps.'];
  if (found === null)
    return [
      `\`${uses.slice(0, 60)}\` is not among the files that were read`,
      'Write its steps, or name that file too.',
    ];
  if (new Set(calls).size < calls.length) return ['it calls itself', 'Write its steps.'];
  if (calls.length > DEEPEST) return [`more than ${DEEPEST} workflows call each other`, 'Write its steps.'];
  if (job.has('strategy'))
    return [
      'a workflow is not called for each case of a matrix',
      'Write `matrix` in the workflows that it calls.',
    ];
  const on = found.root.kind === 'map' ? (found.root.get('on') ?? found.root.get('true')) : undefined;
  const isCallable =
    on?.has('workflow_call') === true ||
    (on?.kind !== 'map' && on?.oneOrMore().some((one) => one.peek() === 'workflow_call') === true);
  return isCallable ? null : ['the workflow has no `workflow_call`', 'Write its steps.'];
}

/**
 * The file that is called, with what its caller gives in the place of its inputs and secrets.
 * @param inherited What the file of the caller itself was passed: `inherit` passes on no more than that.
 */
function bindCalled(
  job: Foreign,
  { root: unbound }: LocalFile,
  inherited: Bindings['secrets'],
): { readonly root: Foreign; readonly secrets: Bindings['secrets']; readonly leave: () => void } {
  const [inputs, used] = [new Map<string, Given>(), new Set<string>()];
  const passed = job.get('secrets');
  const isAll = passed?.peek() === 'inherit';
  const own = new Map<string, Given>();
  const secrets = isAll ? inherited : own;
  const root = unbound.bound(bindingOf({ inputs, used, secrets, folder: null }));
  unbound.use();
  const on = root.get('on') ?? root.get('true');
  const events = on?.kind === 'map' ? on.entries() : (on?.oneOrMore() ?? []);
  for (const event of events) if (event.key !== 'workflow_call') event.use();
  const called = on?.kind === 'map' ? on.get('workflow_call') : undefined;
  if (called?.kind === 'nothing') called.use();
  called
    ?.get('outputs')
    ?.leaveOut(
      'a workflow hands nothing to another',
      'Put both into one workflow, whose steps share the workspace.',
    );
  readGiven(job, called?.get('inputs'), inputs);
  for (const one of called?.get('secrets')?.entries() ?? []) {
    for (const key of ['description', 'required']) one.get(key)?.needs('a secret is what the caller passes');
    if (one.kind === 'nothing') one.use();
  }
  if (isAll) passed?.needs('secrets have their names in all workflows');
  for (const one of passed?.kind === 'map' ? passed.entries() : [])
    own.set(one.key.toUpperCase(), { text: one.text() ?? '', type: 'string' });
  return {
    ...{ root, secrets },
    leave: () => {
      for (const [context, given] of [
        ['inputs', job.get('with')],
        ['secrets', passed],
      ] as const)
        for (const one of given?.entries() ?? [])
          if (!used.has(`${context}.${one.key.toLowerCase()}`)) one.needs('no job of the workflow takes it');
      root.noteRest();
    },
  };
}

function readGiven(job: Foreign, declared: Foreign | undefined, inputs: Map<string, Given>): void {
  const given = job.get('with');
  for (const input of declared?.entries() ?? []) {
    if (input.kind === 'nothing') input.use();
    for (const key of ['description', 'deprecationMessage'])
      input.get(key)?.needs('an input is what it is given');
    const written = input.get('type')?.text() ?? 'string';
    const type = written === 'boolean' || written === 'number' ? written : 'string';
    const isGiven = given?.entries().some(({ key }) => key.toLowerCase() === input.key.toLowerCase());
    const required = input.get('required');
    if (required?.text() === 'true' && isGiven !== true)
      job.changes(`it gives no \`${input.key}\`, which is empty here`, 'Write it in `with`.');
    const standard = input.get('default')?.text() ?? { boolean: 'false', number: '0', string: '' }[type];
    inputs.set(input.key.toLowerCase(), { text: standard, type });
  }
  for (const one of given?.entries() ?? []) {
    const name = one.key.toLowerCase();
    const input = inputs.get(name);
    if (input === undefined) one.leaveOut('the workflow has no such input', 'Remove it.');
    else inputs.set(name, { ...input, text: one.text() ?? '' });
  }
}

/**
 * What a job asks for together with the job that calls its file; null: nothing.
 * @param isFirst It waits for no job of its own file.
 */
export function withCaller(
  caller: Condition | null,
  own: Condition | null,
  isFirst: boolean,
  job: Foreign,
): Condition | null {
  if (caller === null) return own;
  const evaluate = [caller.evaluate, own?.evaluate ?? null].filter((one) => one !== null);
  if (isFirst && own?.status === 'failure')
    job
      .get('if')
      ?.changes(
        'no job of its file is before it, and here it asks for those before its caller',
        'Write a `when` that says more.',
      );
  return {
    evaluate: evaluate.length === 0 ? null : evaluate.join(' && '),
    status: isFirst && own?.status !== 'failure' ? caller.status : (own?.status ?? 'success'),
    isNever: false,
  };
}
