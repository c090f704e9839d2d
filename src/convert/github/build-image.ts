import { stageName } from '../../pipeline/format/names.ts';
import { repositoryPath } from '../../pipeline/format/paths.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { conditionOf } from './condition.ts';
import { definedBy } from './defined-by.ts';
import type { Template } from './image-tags.ts';
import { argsOf, secretsOf } from './image-values.ts';
import { noteLogin, readPush } from './push-image.ts';
import type { Start } from './start.ts';
import { templateOf } from './value-template.ts';

/** An image of a job, and what is done with it. */
export interface BuiltImage {
  readonly image: OutEntry;
  readonly push: OutEntry | null;
  /** Steps that are read with it. */
  readonly steps: ReadonlySet<Foreign>;
}

/** What the image of a job is made in. */
export interface ImageAround {
  readonly job: Foreign;
  readonly env: readonly (Foreign | undefined)[];
  readonly start: Start;
  readonly triggers: readonly Out[];
  /** `owner/name` there; null where that is not known. */
  readonly repository: string | null;
}

/** Why an image is not built here, our way, and what says so; absent: the step itself. */
type Refusal = readonly [why: string, fix: string, at?: Foreign | undefined];

const BUILD = 'docker/build-push-action';
const OWN_WAY = 'Write `image:` and `push:` in a workflow of its own.';

/**
 * The one image that a job builds of the repository, and where it goes; null where it builds none, or, noted, one that is not
 * surely the same here.
 */
export function readImage(around: ImageAround): BuiltImage | null {
  const { job, start } = around;
  const steps = job.kind === 'map' ? (job.get('steps')?.items() ?? []) : [];
  const builds = steps.filter((step) => actionOf(step) === BUILD);
  const [build] = builds;
  if (build === undefined) return null;
  const at = steps.indexOf(build);
  const environment = definedBy([...around.env, build.get('env')]);
  let isByOrigin = false;
  const template: Template = (written) => {
    const alone = templateOf(written, { environment, start, repository: null });
    if (alone !== null || around.repository === null) return alone;
    const named = templateOf(written, { environment, start, repository: around.repository });
    isByOrigin ||= named !== null;
    return named;
  };
  const values = build.get('with');
  const refused =
    builds.length > 1
      ? (['a workflow builds one image', 'Write a workflow for each, with `image` and `push`.'] as const)
      : (refusalOfJob(job) ?? refusalOfContext(values, steps.slice(0, at)));
  const image = refused === null ? imageEntry(around, build, values, template) : refused;
  if (!('key' in image)) {
    const [why, fix, key] = image;
    key?.leaveOut(why, fix);
    for (const one of builds)
      one.leaveOut(
        `\`${BUILD}\`: ${key === undefined ? why : `\`${key.key}\` is, and so is the image`}`,
        fix,
      );
    return null;
  }
  const condition = conditionOf(build.get('if'), start);
  if (condition === 'never' || (condition !== null && condition.status !== 'success')) {
    build.leaveOut(`\`${BUILD}\`: its \`if\` cannot be said by \`evaluate\`, or cannot hold here`, OWN_WAY);
    return null;
  }
  if (condition?.evaluate != null)
    build
      .get('if')
      ?.changes(
        'the image is built in every build, and pushed where it holds',
        'Write a `when` for the file.',
      );
  const isFollowed = steps.slice(at + 1).some((step) => runs(step));
  const push = readPush({
    build,
    values,
    steps: steps.slice(0, at),
    isFollowed,
    condition,
    template,
    ...around,
  });
  if (isByOrigin)
    build.changes(
      `\`${around.repository}\` is written out, as the remote \`origin\` of this clone says`,
      'Write it anew in a copy of the repository.',
    );
  for (const key of ['name', 'id', 'env', 'shell', 'working-directory'])
    build.get(key)?.needs('the image is built by Slipway');
  build.get('uses')?.text();
  for (const one of [build, job]) {
    const allowed = one.get('continue-on-error');
    if (allowed?.peek() === 'false') allowed.needs('a build fails with its image');
    else allowed?.leaveOut('a build fails with its image', 'Remove it.');
  }
  const besides = steps.filter((step) =>
    /^docker\/(?:setup-(?:buildx|qemu)|login|metadata)-action$/.test(actionOf(step)),
  );
  for (const step of besides) readBeside(step, push?.host ?? null, template);
  return { image, push: push?.entry ?? null, steps: new Set([build, ...besides]) };
}

/** The name of an action without its version. */
function actionOf(step: Foreign): string {
  return step.kind === 'map' ? (step.get('uses')?.peek() ?? '').replace(/@.*$/s, '') : '';
}

/** Whether a step runs something that is in the file. */
function runs(step: Foreign): boolean {
  return step.kind === 'map' && (step.has('run') || actionOf(step).startsWith('.'));
}

function refusalOfJob(job: Foreign): Refusal | null {
  return job.get('strategy')?.has('matrix') === true
    ? [
        'each case of a matrix builds an image of its own',
        'Write a workflow for each, with `image` and `push`.',
      ]
    : null;
}

/** Of a checkout that has other files than the commit. */
const OTHER_FILES = ['ref', 'repository', 'path', 'sparse-checkout', 'submodules', 'lfs'];
const HARMLESS =
  /^(?:actions\/(?:checkout|cache(?:\/restore|\/save)?|setup-\w+|upload-artifact)|docker\/[\w-]+)$/;

/** Without `context` it is the commit itself, whatever steps before have done; else it is what those have left. */
function refusalOfContext(values: Foreign | undefined, before: readonly Foreign[]): Refusal | null {
  if (values?.has('context') !== true || /^\{\{\s*defaultContext/.test(values.get('context')?.peek() ?? ''))
    return null;
  const other = before.some((step) => {
    if (runs(step) || !HARMLESS.test(actionOf(step))) return true;
    const given = actionOf(step) === 'actions/checkout' ? step.get('with') : undefined;
    return OTHER_FILES.some((key) => !['', 'false'].includes(given?.get(key)?.peek() ?? ''));
  });
  return other
    ? [
        'a step before it may make or change files that it takes in, and here the image is built of the commit, before all steps',
        'Make them in the Dockerfile, and write `image:` and `push:`.',
        values.get('context'),
      ]
    : null;
}

/** What holds anyway. */
const NEEDLESS: Readonly<Record<string, string>> = {
  'cache-from': 'the worker keeps the cache of BuildKit',
  builder: 'the image is built by BuildKit on the worker',
  'github-token': 'the server fetches the repository',
};
const LEFT_OUT: Readonly<Record<string, Refusal>> = {
  labels: ['no label is set', 'Write `LABEL` in the Dockerfile.'],
  annotations: ['an image has no annotations', 'Write `LABEL` in the Dockerfile.'],
  'cache-to': ['the cache stays with its worker', 'Remove it.'],
  pull: [
    'base images that the worker has are not pulled again',
    'Name a version or a digest in the Dockerfile.',
  ],
  'no-cache': ['the cache of BuildKit is always used', 'Change a build argument.'],
  load: ['steps with no `image` of their own run in the image', 'Remove `image` of those steps.'],
  provenance: ['no attestation is made', 'Remove it.'],
  sbom: ['no attestation is made', 'Remove it.'],
  attests: ['no attestation is made', 'Remove it.'],
};
/** Read where the image is pushed. */
const OF_PUSH: readonly string[] = ['push', 'tags', 'platforms'];

/** `image`, or why it cannot be said. */
function imageEntry(
  { job }: ImageAround,
  build: Foreign,
  values: Foreign | undefined,
  template: Template,
): OutEntry | Refusal {
  const given = values?.kind === 'map' ? values : undefined;
  const get = (key: string) => given?.get(key);
  const known = ['context', 'file', 'target', 'build-args', 'secrets', ...OF_PUSH];
  const unknown = given
    ?.entries()
    .find(({ key }) => ![...known, ...Object.keys(NEEDLESS), ...Object.keys(LEFT_OUT)].includes(key));
  if (unknown !== undefined)
    return ['it has no counterpart, and the image would be another', OWN_WAY, unknown];
  const [context, file, target] = ['context', 'file', 'target'].map(get);
  const [, ofCommit] =
    /^\{\{\s*defaultContext\s*\}\}(?::(.*))?$/s.exec(context?.peek() ?? '{{defaultContext}}') ?? [];
  const isOfCommit = context === undefined || /^\{\{/.test(context.peek());
  const folder = repositoryPath.parse(isOfCommit ? (ofCommit ?? '.') : (template(context.peek()) ?? '..'));
  const named = file === undefined ? 'Dockerfile' : (template(file.peek()) ?? '..');
  const inFolder = file === undefined || isOfCommit ? `${folder ?? ''}/${named}` : named;
  const dockerfile = repositoryPath.parse(inFolder.replace(/^\.\//, ''));
  const stage = target === undefined ? null : stageName.parse(template(target.peek()) ?? '');
  const isUrl = !isOfCommit && /^[\w+.-]+:|^git@/.test(context.peek());
  if (folder === null || dockerfile === null || isUrl || `${folder}${dockerfile}${stage ?? ''}`.includes('$'))
    return [
      'it is not the name of a file or folder of the repository',
      OWN_WAY,
      dockerfile === null || context === undefined ? file : context,
    ];
  if (target !== undefined && stage === null) return ['its stage is not written out', OWN_WAY];
  const args = argsOf(get('build-args'), template);
  if (args === null)
    return [
      'it has what is not surely the same here, or would stay in the image',
      'Write `image:` with `args`, and `push:`.',
      get('build-args'),
    ];
  const secrets = secretsOf(get('secrets'));
  if (secrets === null)
    return [
      'it has what is no secret of the project',
      'Write `image:` with `secrets`, and `push:`.',
      get('secrets'),
    ];
  for (const one of [context, file, target]) one?.use();
  for (const [key, reason] of Object.entries(NEEDLESS)) get(key)?.needs(reason);
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) {
    const one = get(key);
    if (one?.peek() === 'false' || /^type=(?:gha|local|inline)\b/.test(one?.peek() ?? ''))
      one?.needs('it asks for no more than there is');
    else one?.leaveOut(why, fix);
  }
  const minutes = build.get('timeout-minutes') ?? job.get('timeout-minutes');
  const limit = minutes?.text() ?? '';
  const ofJob = job.get('timeout-minutes');
  if (ofJob !== minutes) ofJob?.needs('the image has one of its own');
  if (minutes !== undefined && !/^[1-9]\d{0,3}$/.test(limit))
    minutes.leaveOut('it is no number of minutes', 'Write e.g. `10m`.');
  return entry(
    'image',
    map(
      [
        entry('dockerfile', text(dockerfile, file ?? null), file ?? null),
        folder === '.' ? null : entry('context', text(folder, context ?? null), context ?? null),
        stage === null ? null : entry('target', text(stage, target ?? null), target ?? null),
        args.length === 0 ? null : entry('args', map(args), get('build-args') ?? null),
        secrets.length === 0
          ? null
          : entry('secrets', list(secrets.map((one) => text(one))), get('secrets') ?? null),
        /^[1-9]\d{0,3}$/.test(limit) ? entry('timeout', text(`${limit}m`, minutes ?? null)) : null,
      ],
      build,
    ),
    build,
  );
}

/** A step that makes ready what is there, or signs in. */
function readBeside(step: Foreign, host: string | null, template: Template): void {
  for (const key of ['name', 'id', 'env', 'if', 'continue-on-error', 'timeout-minutes'])
    step.get(key)?.needs('nothing runs for the action');
  step.get('uses')?.text();
  const name = actionOf(step);
  if (name === 'docker/login-action') noteLogin(step, host, template);
  else if (name !== 'docker/metadata-action') {
    step.get('uses')?.needs('the image is built by BuildKit on the worker');
    for (const one of step.get('with')?.entries() ?? [])
      one.needs('the image is built by BuildKit on the worker');
  } else if (host === null)
    for (const one of step.get('with')?.entries() ?? []) if (one.isUnread) one.needs('nothing is pushed');
}
