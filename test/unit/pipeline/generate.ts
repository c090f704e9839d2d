import fc from 'fast-check';

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
const duration = fc.constantFrom('10s', '5m', '1h30m');
const pattern = fc.constantFrom('main', 'release/*', '**', 'feature/{a,b}', 'v[0-9]*');
const filter = fc.oneof(
  pattern,
  fc.array(pattern, { minLength: 1, maxLength: 3 }),
  fc.record({ include: pattern, exclude: pattern }, { requiredKeys: [] }),
);
const event = fc.constantFrom('push', 'tag', 'manual', 'pull_request');
const condition = fc.record(
  {
    event: fc.oneof(event, fc.array(event, { minLength: 1 })),
    branch: filter,
    tag: filter,
    ref: filter,
    path: filter,
  },
  { requiredKeys: [] },
);
const when = fc.oneof(condition, fc.array(condition, { minLength: 1, maxLength: 2 }));
const stepWhen = fc.oneof(
  when,
  fc.record({ status: fc.constantFrom('success', 'failure', ['success', 'failure']) }),
);

const optional = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });

const step = fc
  .tuple(
    fc.record({ commands }),
    optional({
      image: fc.constantFrom('node:20', 'a/b'),
      environment,
      when: stepWhen,
      timeout: duration,
      failure: fc.constantFrom('fail', 'ignore', 'cancel'),
    }),
    fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  )
  .map(([must, may, before]) => ({ body: { ...must, ...may }, before }));

/** Steps whose dependencies point back, so that most files have a plan. */
const steps = fc.tuple(fc.array(step, { maxLength: 6 }), fc.boolean()).map(([list, asMap]) => {
  const named = list.map(({ body, before }, index) => {
    const dependency = before === undefined || before >= index ? {} : { depends_on: [`s${before}`] };
    return { name: `s${index}`, ...body, ...dependency };
  });
  return asMap ? Object.fromEntries(named.map(({ name: key, ...body }) => [key, body])) : named;
});

const services = fc.dictionary(
  name,
  fc.record(
    {
      image: fc.constantFrom('postgres:15', 'redis'),
      environment,
      ready: fc.oneof(
        command.filter((text) => text !== '|'),
        fc.record({ timeout: duration }),
      ),
    },
    { requiredKeys: ['image'] },
  ),
  { maxKeys: 2 },
);

const image = optional({
  dockerfile: fc.constantFrom('Dockerfile', 'docker/Dockerfile'),
  context: fc.constantFrom('.', './app/'),
  target: name,
  test_target: name,
  args: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('1', 'x y', 'v${CI_COMMIT_SHA:0:8}')),
  secrets: fc.array(fc.constantFrom('token', 'key')),
});

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
  when,
});

const deploy = fc
  .uniqueArray(fc.constantFrom('staging', 'production', 'live'), { maxLength: 2 })
  .chain((environments) =>
    fc.tuple(
      ...environments.map((environment_) =>
        fc
          .tuple(
            fc.record({
              environment: fc.constant(environment_),
              port: fc.integer({ min: 1, max: 65_535 }),
              host: fc.constant(`${environment_}.example.com`),
            }),
            optional({
              when,
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
              smoke: fc.record({ commands }),
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

export const pipelineFile = optional({ image, services, steps, push, deploy, labels }).filter(
  (file) => Object.keys(file).length > 0,
);
