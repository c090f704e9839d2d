import fc from 'fast-check';
import { stringify } from 'yaml';
import { keyOf, type IncludedFiles } from '../../../src/pipeline/include/included-file.ts';
import type { PipelineFile } from '../../../src/pipeline/pipeline-files.ts';

const SHARED_COMMIT = '89abcdef0123456789abcdef0123456789abcdef';

/** Files of the grammar, most of them right, in every way of writing them. */
const name = fc.constantFrom('a', 'b', 'c', 'db', 'unit');
const command = fc.constantFrom('npm test', 'echo "${CI_COMMIT_SHA}"', 'psql -h db', '|', '# x', 'a: b');
const commands = fc.oneof(command, fc.array(command, { minLength: 1, maxLength: 3 }));
const value = fc.oneof(
  fc.constantFrom('x', 'yes', '', '1.10', 'postgres://db', '$HOME', '$$5'),
  fc.constantFrom(
    '${CI_REPO}',
    '${CI_COMMIT_TAG:-none}',
    '${CI_COMMIT_MESSAGE//[!a-z]/-}',
    '${CI_COMMIT_TAG:?}',
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant({ from_secret: 'token' }),
);
const environment = fc.dictionary(fc.constantFrom('A', 'B_1', 'PATH', 'URL'), value, { maxKeys: 3 });
const duration = fc.constantFrom('10s', '5m', '1m30s');
const pattern = fc.constantFrom('main', 'release/*', '**', 'feature/{a,b}', 'v[0-9]*');
const filter = fc.oneof(
  pattern,
  fc.array(pattern, { minLength: 1, maxLength: 3 }),
  fc.record({ include: pattern, exclude: pattern }, { requiredKeys: [] }),
);
const event = fc.constantFrom('push', 'tag', 'manual', 'pull_request', 'cron');
const evaluate = fc.constantFrom(
  'CI_COMMIT_AUTHOR != "bot" && CI_COMMIT_MESSAGE contains "Sell"',
  'CI_PIPELINE_EVENT in ["push", "tag"] or not (CI_COMMIT_BRANCH matches "^feature/")',
  '"urgent" in split(CI_COMMIT_PULL_REQUEST_LABELS, ",")',
  'NODE == "20" ? true : len(CI_COMMIT_TAG) > 2',
);
const condition = fc.record(
  {
    event: fc.oneof(event, fc.array(event, { minLength: 1 })),
    branch: filter,
    tag: filter,
    ref: filter,
    path: filter,
    cron: filter,
    evaluate,
  },
  { requiredKeys: [] },
);
const when = fc.oneof(condition, fc.array(condition, { minLength: 1, maxLength: 2 }));
const ofMatrix = fc.record({ matrix: fc.record({ NODE: fc.constantFrom('20', '22') }) });
const stageWhen = fc.oneof({ weight: 3, arbitrary: when }, { weight: 1, arbitrary: ofMatrix });
const stepWhen = fc.oneof(
  when,
  fc.record({ status: fc.constantFrom('success', 'failure', ['success', 'failure']) }),
  ofMatrix,
);

const optional = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });

const files = fc.constantFrom('reports/**/*.xml', './dist/*', 'a b', '**');
const setting: fc.Arbitrary<unknown> = fc.oneof(
  { depthSize: 'small', maxDepth: 2 },
  value,
  fc.array(value, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('x', 'a b'), value, { maxKeys: 2 }),
);

const cacheKey = fc.constantFrom('npm', 'npm-${CI_COMMIT_SHA}', '${CI_COMMIT_TAG}');
const cachePaths = fc.constantFrom('node_modules', './a/*/b/', '/root/.npm', ['x', '/y']);
const cache = fc
  .tuple(
    fc.record({
      paths: cachePaths,
      key: fc.oneof(cacheKey, fc.record({ files, prefix: cacheKey }, { requiredKeys: ['files'] })),
    }),
    optional({
      fallback_keys: fc.oneof(cacheKey, fc.array(cacheKey, { minLength: 1, maxLength: 2 })),
      policy: fc.constantFrom('pull-push', 'pull', 'push'),
    }),
  )
  .map(([must, may]) => ({ ...must, ...may }));

/** What runs in a step. */
const runs = fc.oneof(
  { weight: 5, arbitrary: fc.record({ commands }) },
  {
    weight: 1,
    arbitrary: fc.record({
      settings: fc.dictionary(fc.constantFrom('repo', 'dry-run', 'a.b'), setting, { maxKeys: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ entrypoint: fc.constantFrom(['/bin/x', '-v'], ['sh', '-c', 'exit 0']) }),
  },
);

const step = fc
  .tuple(
    runs,
    optional({
      image: fc.constantFrom('node:20', 'a/b', 'node:${CI_COMMIT_TAG:-20}'),
      pull: fc.boolean(),
      environment,
      directory: fc.constantFrom('sub', './a/b/', 'x{y}'),
      when: stepWhen,
      timeout: duration,
      failure: fc.constantFrom('fail', 'ignore', 'cancel'),
      retry: fc.oneof(
        fc.integer({ min: 1, max: 10 }),
        fc
          .tuple(
            fc.record({ count: fc.integer({ min: 1, max: 10 }) }),
            optional({ delay: duration, exit_codes: fc.constantFrom(1, [75, 2, 75]) }),
          )
          .map(([must, may]) => ({ ...must, ...may })),
      ),
      split: fc.oneof(
        fc.integer({ min: 2, max: 64 }),
        fc
          .tuple(
            fc.record({ count: fc.integer({ min: 2, max: 64 }) }),
            optional({ files: fc.constantFrom('none', '**/*.test.ts', ['a b', './x/**']) }),
          )
          .map(([must, may]) => ({ ...must, ...may })),
      ),
      reports: fc.record({ junit: fc.oneof(files, fc.array(files, { minLength: 1, maxLength: 2 })) }),
      volumes: fc.constantFrom(['data:/data'], ['a:/a/./b:ro', 'data:/c:rw']),
      cache: fc.oneof(cache, fc.array(cache, { minLength: 1, maxLength: 2 })),
      artifacts: fc.oneof(
        fc.array(files, { minLength: 1, maxLength: 2 }),
        fc
          .tuple(
            fc.record({ paths: fc.oneof(files, fc.array(files, { minLength: 1, maxLength: 2 })) }),
            optional({ name: fc.constantFrom('dist', 'a_b-1.2'), expire: fc.constantFrom('1h', '30d') }),
          )
          .map(([must, may]) => ({ ...must, ...may })),
      ),
    }),
    fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  )
  .map(([must, may, before]) => ({ body: { ...must, ...may }, before }));

/** Every third with a variable. */
const nameOf = (index: number): string =>
  index % 3 === 2 ? `s${index} \${CI_COMMIT_BRANCH:0:9}` : `s${index}`;

/** A name, or more, by turns. */
const dependencyOn = (named: string, turn: number): unknown =>
  [named, { name: named, optional: true }, { name: named, optional: false }, { name: named }][turn % 4];

/** Steps whose dependencies point back, so that most files have a plan. */
const steps = fc.tuple(fc.array(step, { maxLength: 6 }), fc.boolean()).map(([list, asMap]) => {
  const named = list.map(({ body, before }, index) => {
    const dependency =
      before === undefined || before >= index ? {} : { depends_on: [dependencyOn(nameOf(before), index)] };
    return { name: nameOf(index), ...body, ...dependency };
  });
  return asMap ? Object.fromEntries(named.map(({ name: key, ...body }) => [key, body])) : named;
});

const services = fc
  .dictionary(
    name,
    fc.record(
      {
        image: fc.constantFrom('postgres:15', 'redis'),
        pull: fc.boolean(),
        environment,
        ready: fc.oneof(
          command.filter((text) => text !== '|'),
          optional({ command: fc.constant('pg_isready'), timeout: duration }).filter(
            (ready) => Object.keys(ready).length > 0,
          ),
        ),
        commands,
        volumes: fc.constantFrom(['data:/data'], ['a:/b:ro', 'data:/d']),
      },
      { requiredKeys: ['image'] },
    ),
    { maxKeys: 2 },
  )
  .map((all) =>
    Object.keys(all).length === 1 ? Object.entries(all).map(([key, body]) => ({ name: key, ...body })) : all,
  );

const image = fc.oneof(
  { weight: 1, arbitrary: fc.constant('none') },
  {
    weight: 9,
    arbitrary: optional({
      dockerfile: fc.constantFrom('Dockerfile', 'docker/Dockerfile'),
      context: fc.constantFrom('.', './app/'),
      target: name,
      test_target: name,
      args: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('1', 'x y', 'v${CI_COMMIT_SHA:0:8}')),
      secrets: fc.array(fc.constantFrom('token', 'key')),
      timeout: duration,
    }),
  },
);

const tag = fc.constantFrom(
  '${CI_COMMIT_SHA}',
  '${CI_COMMIT_BRANCH_SLUG}',
  '${CI_COMMIT_TAG}',
  '${CI_COMMIT_BRANCH}',
  'latest',
  '${CI_COMMIT_SHA:0:8}',
  '${CI_COMMIT_TAG#v}',
);
const push = optional({
  repository: fc.constantFrom('shop/web', 'r.example.com:5000/x'),
  tags: fc.array(tag, { minLength: 1 }),
  when: stageWhen,
});

const deploy = fc
  .uniqueArray(fc.constantFrom('staging', 'production', 'live'), { minLength: 1, maxLength: 2 })
  .chain((environments) =>
    fc.tuple(
      ...environments.map((environment_) =>
        fc
          .tuple(
            fc.record({
              environment: fc.constant(environment_),
              port: fc.integer({ min: 1, max: 65_535 }),
              host: fc.constantFrom(
                `${environment_}.example.com`,
                `${environment_}-\${CI_COMMIT_SHA:0:8}.example.com`,
              ),
            }),
            optional({
              when: stageWhen,
              env: environment,
              volumes: fc.constant(['data:/data']),
              command: fc.constant(['node', 'a.js']),
              resources: optional({ memory: fc.constantFrom('64m', '2g'), cpus: fc.constantFrom(1, 0.5) }),
              health: fc.oneof(
                fc.constant('/up'),
                optional({
                  path: fc.constant('/up'),
                  passes: fc.integer({ min: 1, max: 20 }),
                  timeout: duration,
                }),
              ),
              smoke: fc.record({ commands, timeout: duration }, { requiredKeys: ['commands'] }),
              drain: optional({ requests: duration, connections: duration }),
              standby: duration,
              prepare: fc.constantFrom('pull', 'after-tests'),
            }),
          )
          .map(([must, may]) => ({ ...must, ...may })),
      ),
    ),
  );

const labels = fc.dictionary(fc.constantFrom('os', 'gpu', 'zone/a'), fc.constantFrom('linux', 'yes', '1.5'));

const combination = fc.record({
  NODE: fc.constantFrom('20', '22'),
  DB: fc.constantFrom('postgres', 'mysql'),
});
const matrix = fc.oneof(
  fc
    .tuple(
      fc.record({ NODE: fc.constantFrom(['20'], ['20', '22']) }),
      optional({
        DB: fc.constantFrom(['postgres'], ['postgres', 'mysql']),
        include: fc.array(combination, { minLength: 1, maxLength: 2 }),
        exclude: fc.constant([{ NODE: '20' }]),
      }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  fc.record({ include: fc.array(combination, { minLength: 1, maxLength: 2 }) }),
);

const input = fc.oneof(
  optional({
    type: fc.constant('string'),
    description: fc.constantFrom('What it is', 'a: b'),
    default: fc.constantFrom('v1', 'v22'),
    required: fc.boolean(),
    pattern: fc.constantFrom('^v[0-9]+$', ''),
  }),
  optional({ default: fc.boolean() }).map((more) => ({ ...more, type: 'boolean' })),
  optional({
    default: fc.constantFrom(3, '3.5'),
    min: fc.constantFrom(-1, 3),
    max: fc.constantFrom(3.5, 100),
  }).map((more) => ({ ...more, type: 'number' })),
  optional({ default: fc.constantFrom('a', 'b') }).map((more) => ({
    ...more,
    type: 'choice',
    options: ['a', 'b'],
  })),
);
const schedule = fc.record(
  {
    schedule: fc.constantFrom('30 3 * * MON-FRI', '@daily', '*/15 0-6 1,15 * *'),
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
  },
  { requiredKeys: ['schedule'] },
);
const cron = fc
  .dictionary(fc.constantFrom('nightly', 'weekly'), schedule, { maxKeys: 2 })
  .map((all) =>
    Object.keys(all).length === 1 ? Object.entries(all).map(([key, body]) => ({ name: key, ...body })) : all,
  );
const inputs = fc.dictionary(fc.constantFrom('target', 'dry-run', 'N'), input, { maxKeys: 2 });
const include = fc.oneof(
  fc.constant('ci/lint.yml'),
  fc.constant({ file: 'ci/lint.yml' }),
  fc.constantFrom(
    ['ci/lint.yml', { project: 'team/shared', commit: SHARED_COMMIT, file: 'scan.yml' }],
    [{ file: 'ci/lint.yml' }],
  ),
);

/** Keys of which most files have none. */
const rare = optional({
  matrix,
  when,
  variables: fc.constantFrom({ any: ['thing'] }, 'x'),
  skip_clone: fc.boolean(),
  include,
}).map((file) => (Object.keys(file).length > 2 ? {} : file));

const asked = optional({
  inputs,
  cron,
  concurrency: fc.oneof(
    fc.integer({ min: 1, max: 3 }),
    fc.record(
      { limit: fc.integer({ min: 1, max: 3 }), group: fc.constantFrom('deploy', 'b-${CI_COMMIT_BRANCH}') },
      { requiredKeys: ['limit'] },
    ),
  ),
}).map((file) => (Object.keys(file).length > 2 ? {} : file));

/** Beside an image, and what needs one, it is an error. */
const clone = fc.constantFrom([{ name: 'fetch', image: 'git:1', commands: 'git clone x .' }], {
  fetch: { image: 'git:1', settings: { depth: 1 } },
  more: { image: 'git:1', commands: 'x', when: { event: 'tag' } },
});

export const pipelineFile = fc
  .tuple(
    optional({ image, services, steps, push, deploy, labels }),
    rare,
    asked,
    fc.oneof(
      { arbitrary: fc.constant({}), weight: 6 },
      { arbitrary: clone.map((one) => ({ clone: one })), weight: 1 },
    ),
  )
  .map(([file, more, most, own]) => ({ ...more, ...most, ...(file.image === undefined ? own : {}), ...file }))
  .filter((file) => Object.keys(file).length > 0);

type File = Readonly<Record<string, unknown>>;

/** The same file, its steps with a merge key of what `variables` carries; YAML gives that an anchor, and them its alias. */
function withMerge(file: File): File {
  const base = { image: 'node:24', environment: { SHARED: 'yes' } };
  const merged = (one: unknown): unknown => ({ '<<': base, ...(one as File) });
  const { steps: all } = file;
  if (typeof all !== 'object' || all === null) return file;
  const with_ = Array.isArray(all)
    ? all.map(merged)
    : Object.fromEntries(Object.entries(all).map(([key, one]) => [key, merged(one)]));
  return { variables: { base }, ...file, steps: with_ };
}

/** A file's text, with merge keys in some. */
export const pipelineText = fc
  .tuple(pipelineFile, fc.boolean())
  .map(([file, isMerged]) => stringify(isMerged ? withMerge(file) : file));

/** What those files include. */
export const generatedIncludes: IncludedFiles = new Map([
  [
    keyOf({ origin: null, file: 'ci/lint.yml' }),
    {
      kind: 'file',
      text: 'services: { mail: { image: "mail:1" } }\nsteps: { lint: { image: "node:20", commands: x } }',
    },
  ],
  [
    keyOf({ origin: { project: 'team/shared', commit: SHARED_COMMIT }, file: 'scan.yml' }),
    { kind: 'file', text: 'steps: { scan: { image: "scan:1", commands: scan } }' },
  ],
]);

/** What a workflow may take of the one that it waits for. */
const take = optional({
  name: fc.constantFrom('dist', ['files']),
  path: fc.constantFrom('.', './in/'),
  matrix: fc.constantFrom({ NODE: '20' }, {}),
  optional: fc.boolean(),
});
const outcomes = fc.constantFrom(undefined, 'failure', ['success', 'failure']);

/** Files of a folder, each a workflow that may wait for those before it. */
const folder = fc
  .array(fc.tuple(pipelineFile, fc.nat(3), outcomes, fc.option(take, { nil: undefined })), {
    minLength: 2,
    maxLength: 4,
  })
  .map((all) =>
    all.map(([file, before, runs_on, taken], index) => {
      const from = `w${before}`;
      const artifacts = taken === undefined ? {} : { artifacts: [{ from, ...taken }] };
      const depends = before < index ? { depends_on: [dependencyOn(from, index)], ...artifacts } : {};
      const outcome = runs_on === undefined || before >= index ? {} : { runs_on };
      return { path: `.slipway/w${index}.yml`, text: stringify({ ...file, ...depends, ...outcome }) };
    }),
  );

/** What a repository has: one file, or a folder. */
export const pipelineFiles: fc.Arbitrary<readonly (PipelineFile & { readonly text: string })[]> = fc.oneof(
  { weight: 3, arbitrary: pipelineText.map((text) => [{ path: 'slipway.yml', text }]) },
  { weight: 1, arbitrary: folder },
);
