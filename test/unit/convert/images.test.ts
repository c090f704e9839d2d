import { expect, it } from 'vitest';
import { lintConverted, unannounced } from '../../experiments/convert/lint-converted.ts';
import { findSilent } from '../../experiments/convert/find-silent.ts';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf } from '../pipeline/support.ts';
import { convert } from './support.ts';

const job = (
  steps: string,
  on = '{ push: { branches: [main], tags: ["v*"] }, pull_request: {} }',
  more = '',
) =>
  `on: ${on}\nenv: { REGISTRY: ghcr.io, NAME: "\${{ env.REGISTRY }}/shop/web" }\njobs:\n  ship:\n    runs-on: ubuntu-latest\n${more}    steps:\n${steps}`;
const META = (more = '') => `      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: \${{ env.NAME }}
${more}`;
const build = (more: string) => `      - uses: docker/build-push-action@v6\n        with:\n${more}`;
const PUSH = '          push: true\n          tags: ${{ steps.meta.outputs.tags }}\n';

function converted(text: string) {
  const found = convert('github', text);
  expect(unannounced(found)).toEqual([]);
  expect(lintConverted(found)).toEqual([]);
  const written = found.workflows[0]?.text ?? '';
  return {
    written,
    part: written.slice(written.search(/^image:/m)),
    said: found.notes.map(
      ({ line, code, message, fix }) => `${line} ${code.replace('convert_', '')} ${message} ${fix}`,
    ),
  };
}

/** Repository and tags that are set for an event; null: nothing is pushed. */
function pushed(text: string, event: (typeof EVENTS)[keyof typeof EVENTS]) {
  const { plan, problems } = planPipeline(inputOf(converted(text).written, event));
  expect(problems).toEqual([]);
  return plan?.workflows[0]?.plan.push ?? null;
}

it('an image that is built and pushed is `image` and `push`, and the login is what is to be done once', () => {
  const { part, said } = converted(
    job(
      `      - uses: actions/checkout@v4
      - uses: docker/setup-qemu-action@v3
      - uses: docker/setup-buildx-action@v3
        with: { version: latest }
      - uses: docker/login-action@v3
        if: github.event_name != 'pull_request'
        with: { registry: ghcr.io, username: shop, password: "\${{ secrets.TOKEN }}" }
${build(`          context: ./web
          file: ./web/docker/Dockerfile
          target: runtime
          platforms: linux/amd64
          build-args: |
            VERSION=\${{ github.sha }}
            PLAIN=a=b$5
          secrets: |
            npm=\${{ secrets.NPM }}
          cache-from: type=gha
          cache-to: type=gha,mode=max
          push: \${{ github.event_name != 'pull_request' }}
          tags: \${{ env.NAME }}:\${{ github.sha }},ghcr.io/shop/web:latest
`)}`,
      undefined,
      '    timeout-minutes: 9\n    continue-on-error: false\n    env: { A: b }\n',
    ),
  );
  expect(part).toBe(`image:
  dockerfile: web/docker/Dockerfile
  context: web
  target: runtime
  args:
    VERSION: \${CI_COMMIT_SHA}
    PLAIN: a=b$$5
  secrets:
    - npm
  timeout: 9m

push:
  repository: ghcr.io/shop/web
  tags:
    - \${CI_COMMIT_SHA}
    - latest
  when:
    event:
      - push
      - tag
`);
  expect(said).toEqual([
    expect.stringMatching(/^14 left_out .*Use `slipway registry login ghcr.io --username shop`, once/),
    expect.stringMatching(/^26 .*secrets.* a secret is called what the Dockerfile calls it, `npm`/),
  ]);
});

it('tags of docker/metadata-action are the same names, of releases alone where `latest` comes with them', () => {
  const text = job(
    `${META(`          tags: |
            type=ref,event=branch
            type=semver,pattern={{version}}
            type=semver,pattern={{major}}
            type=ref,event=pr
            type=sha
            type=raw,value=edge-\${{ github.sha }}
            type=raw,value=latest,enable={{is_default_branch}}
`)}${build(PUSH)}`,
    '{ push: {}, workflow_dispatch: {} }',
  );
  const { commit } = EVENTS.push;
  const sha = [`sha-${commit.slice(0, 7)}`, `edge-${commit}`];
  expect(pushed(text, EVENTS.push)).toEqual({ repository: 'ghcr.io/shop/web', tags: ['main', ...sha] });
  expect(pushed(text, { ...EVENTS.feature, branch: 'feature/cart' } as never)?.tags).toEqual([
    'feature-cart',
    ...sha,
  ]);
  expect(pushed(text, EVENTS.manual)?.tags).toEqual(['main', ...sha]);
  expect(pushed(text, EVENTS.tag)?.tags).toEqual(['1.2.3', ...sha, 'latest']);
  for (const tag of ['v1.2.3-rc.1', '2026', 'nightly', '01.2.3'])
    expect(pushed(text, { ...EVENTS.tag, tag } as never), tag).toBeNull();
  const { said } = converted(text);
  expect(said.map((one) => /`type=[^`]*`/.exec(one)?.[0] ?? one.slice(0, 60))).toEqual([
    '`type=semver,pattern={{major}}`',
    '`type=ref,event=pr`',
    '`type=raw,value=latest,enable={{is_default_branch}}`',
    expect.stringContaining('changed'),
  ]);
  const rc = { ...EVENTS.tag, tag: 'v1.2.3-rc.1' } as never;
  const all = text.replace('          tags: |', '          flavor: latest=false\n          tags: |');
  expect(pushed(all, rc)?.tags).toEqual(['1.2.3-rc.1', ...sha]);
  expect(pushed(all, { ...EVENTS.tag, tag: 'v1.2.3-01' } as never)).toBeNull();
});

it('a branch whose name would be another tag here is an error of the build, and never that tag', () => {
  const text = job(`${META()}${build(PUSH)}`, '{ push: {} }');
  const event = { ...EVENTS.feature, branch: 'feature/@x' } as never;
  const { plan, problems } = planPipeline(inputOf(converted(text).written, event));
  expect(plan).toBeNull();
  expect(problems.map(({ code }) => code)).toEqual(['tag_wrong']);
  expect(pushed(text, EVENTS.tag)?.tags).toEqual(['v1.2.3', 'latest']);
});

it('nothing is pushed for pull requests, nor for events for which no tag is surely the same', () => {
  const text = job(
    `${META()}${build(PUSH)}`,
    '{ push: { branches: [main] }, pull_request: {}, schedule: [{ cron: 1 2 3 4 5 }] }',
  );
  expect(pushed(text, EVENTS.pull)).toBeNull();
  expect(pushed(text, EVENTS.cron)).toBeNull();
  expect(pushed(text, EVENTS.push)?.tags).toEqual(['main']);
  expect(converted(text).said).toEqual([
    expect.stringContaining('nothing is pushed for a pull request'),
    expect.stringContaining('nothing is pushed for the event `cron`'),
  ]);
});

it('a tag that every event has is set in builds by the clock and by hand, too', () => {
  const text = job(
    build('          push: true\n          tags: ghcr.io/shop/web:nightly\n'),
    '{ schedule: [{ cron: 1 2 3 4 5 }], workflow_dispatch: {} }',
  );
  for (const event of [EVENTS.cron, EVENTS.manual]) expect(pushed(text, event)?.tags).toEqual(['nightly']);
  expect(pushed(text, EVENTS.push)).toBeNull();
});

it('an image without a host in its name goes to Docker Hub, and not to the registry of the server', () => {
  const to = (name: string) =>
    pushed(job(build(`          push: true\n          tags: ${name}\n`)), EVENTS.push);
  expect(to('shop/web:1')).toEqual({ repository: 'docker.io/shop/web', tags: ['1'] });
  expect(to('web')).toEqual({ repository: 'docker.io/library/web', tags: ['latest'] });
  expect(to('"localhost:5000/web:${{ github.ref_name }}"')).toEqual({
    repository: 'localhost:5000/web',
    tags: ['main'],
  });
});

const CONTEXT = '          context: .\n';
const TAGS = '          push: true\n          tags: shop/web:1\n';

it.each<[string, string, string]>([
  ['several images', build(TAGS) + build(TAGS), 'a workflow builds one image'],
  [
    'what steps before have made',
    `      - run: make\n${build(CONTEXT + TAGS)}`,
    'a step before it may make or change files',
  ],
  [
    'another checkout',
    `      - uses: actions/checkout@v4\n        with: { ref: next }\n${build(CONTEXT + TAGS)}`,
    'a step before it may make',
  ],
  ['an action nobody knows', `      - uses: a/b@v1\n${build(CONTEXT + TAGS)}`, 'a step before it may make'],
  [
    'files of an address',
    build(`          context: "https://example.com/a.git"\n${TAGS}`),
    'not the name of a file or folder',
  ],
  ['files outside', build(`          context: ../a\n${TAGS}`), 'not the name of a file or folder'],
  [
    'a secret in an argument',
    build(`          build-args: "A=\${{ secrets.B }}"\n${TAGS}`),
    'or would stay in the image',
  ],
  [
    'a number of a run',
    build(`          build-args: "A=\${{ github.run_number }}"\n${TAGS}`),
    'or would stay in the image',
  ],
  [
    'a token of the host',
    build(`          secrets: "a=\${{ secrets.GITHUB_TOKEN }}"\n${TAGS}`),
    'no secret of the project',
  ],
  [
    'other contexts',
    build(`          build-contexts: a=b\n${TAGS}`),
    'with.build-contexts` is left out: it has no counterpart',
  ],
  [
    'other outputs',
    build(`          outputs: type=local,dest=a\n${TAGS}`),
    'with.outputs` is left out: it has no counterpart',
  ],
  ['a failed job', `${build(TAGS)}        if: failure()\n`, 'its `if` cannot be said'],
])('an image of %s is left out, and the steps stay', (_, steps, why) => {
  const { written, said } = converted(job(`${steps}      - run: after\n`));
  expect(written).toContain('image: none\n');
  expect(written).not.toContain('push:\n');
  expect(written).toContain('- after');
  expect(said.join('\n')).toContain(why);
});

it('an image for each case of a matrix is left out', () => {
  const { written, said } = converted(
    job(`${build(TAGS)}      - run: x\n`, 'push', '    strategy: { matrix: { a: [b, c] } }\n'),
  );
  expect(written).toContain('image: none\n');
  expect(said.join()).toContain('each case of a matrix builds an image of its own');
});

it.each<[string, string, string]>([
  [
    'for several platforms',
    build(`          platforms: linux/amd64,linux/arm64\n${TAGS}`),
    'none is pushed in the place of one for several',
  ],
  ['before steps', `${build(TAGS)}      - run: deploy\n`, 'steps behind it run in the builds that push'],
  [
    'under a name of the project',
    build('          push: true\n          tags: ghcr.io/${{ github.repository }}:1\n'),
    'it is not known here under which name',
  ],
  [
    'under a name that is secret',
    build('          push: true\n          tags: "${{ secrets.USER }}/web:1"\n'),
    'it is not known here under which name',
  ],
  [
    'numbered as runs are',
    build('          push: true\n          tags: "shop/web:${{ github.run_number }}"\n'),
    'it is not known here under which name',
  ],
  [
    'when it cannot be said',
    build('          push: "${{ vars.PUSH }}"\n          tags: shop/web:1\n'),
    'it cannot be said by `evaluate`',
  ],
  ['as a step says that is not there', build(PUSH), 'it is not known here under which name'],
  [
    'with a prefix of all tags',
    META('          flavor: prefix=a\n') + build(PUSH),
    'it makes tags that cannot be said here',
  ],
])('an image that is pushed %s is built and not pushed', (_, steps, why) => {
  const more = why.startsWith('nobody') ? '    environment: production\n' : '';
  const { written, said } = converted(job(steps, undefined, more));
  expect(written).toContain('image:\n  dockerfile: Dockerfile\n');
  expect(written).not.toContain('push:\n');
  expect(said.join('\n')).toContain(why);
});

it('the name of the repository is written out where the clone says it, and noted', () => {
  const name = '"ghcr.io/${{ github.repository }}"';
  const literal = job(build(`          push: true\n          tags: ${name}\n`), 'push');
  const meta = job(META('          tags: type=sha\n').replace('${{ env.NAME }}', name) + build(PUSH), 'push');
  const of = (text: string, repository: string | null) => {
    const found = convertFiles([{ path: 'ci.yml', content: text }], 'github', undefined, repository);
    const to = /repository: (.*)/.exec(found.workflows[0]?.text ?? '')?.[1] ?? null;
    return [
      to,
      found.notes.some(({ message }) => message.includes('as the remote `origin` of this clone says')),
    ];
  };
  for (const text of [literal, meta]) {
    expect(of(text, 'shop/web')).toEqual(['ghcr.io/shop/web', true]);
    expect(of(text, null)).toEqual([null, false]);
  }
  // What is not in lower case is no name there either, except where that action makes it one.
  expect(of(literal, 'Shop/Web')[0]).toBeNull();
  expect(of(meta, 'Shop/Web')[0]).toBe('ghcr.io/shop/web');
});

it('of several repositories the first is pushed to, and that is noted', () => {
  const text = job(
    build(
      '          push: true\n          tags: |\n            shop/web:1\n            ghcr.io/shop/web:1\n            shop/web:${{ github.actor }}\n',
    ),
    'push',
  );
  expect(pushed(text, EVENTS.push)).toEqual({ repository: 'docker.io/shop/web', tags: ['1'] });
  expect(converted(text).said).toEqual([
    expect.stringContaining('an image goes to one repository, and here to `docker.io/shop/web`'),
  ]);
});

it('an image that is not pushed is built, and steps of its job run beside it', () => {
  const { written, said } = converted(
    job(`${build(`${CONTEXT}          load: true\n`)}      - run: x\n`, 'push', '    container: "node:20"\n'),
  );
  expect(written).toContain('image:\n  dockerfile: Dockerfile\n\nsteps:');
  expect(said).toEqual([expect.stringContaining('load')]);
});

const MANY = job(
  `      - uses: actions/checkout@v4
      - uses: docker/setup-qemu-action@v3
        with: { platforms: arm64 }
      - uses: docker/login-action@v3
        if: github.event_name != 'pull_request'
        name: Log in
        with: { registry: ghcr.io, username: shop, password: "\${{ secrets.TOKEN }}", logout: false }
${META('          flavor: latest=false\n          tags: type=sha\n          labels: a=b\n          other: x\n')}
      - name: Build
        id: build
        uses: docker/build-push-action@v6
        if: github.ref == 'refs/heads/main'
        env: { X: y }
        timeout-minutes: 3
        with:
          context: ./web
          target: runtime
          platforms: linux/amd64
          build-args: VERSION=\${{ github.sha }}
          secrets: npm=\${{ secrets.NPM }}
          cache-from: type=gha
          push: \${{ github.event_name != 'pull_request' }}
          tags: \${{ steps.meta.outputs.tags }}
`,
  undefined,
  '    timeout-minutes: 4\n    env: { A: b }\n',
);

it.each<[string, string, string]>([
  ['as it is', '', ''],
  ['for another platform', 'linux/amd64', 'linux/arm64'],
  ['with a key that has no counterpart', '          target:', '          ssh: default\n          target:'],
  ['that is not pushed', "push: ${{ github.event_name != 'pull_request' }}", 'push: false'],
  [
    'after somebody is asked',
    '    timeout-minutes: 4',
    '    environment: { name: production }\n    timeout-minutes: 4',
  ],
  [
    'of several',
    '      - name: Build\n',
    '      - { uses: docker/build-push-action@v6, with: { tags: "a/b" } }\n      - name: Build\n',
  ],
])('no value of a job with an image %s can be another without a trace', (_, from, to) => {
  const text = MANY.replace(from, to);
  expect(text === MANY).toBe(from === '');
  expect(findSilent('github', '.github/workflows/ci.yml', text, 1_000)).toEqual([]);
});
