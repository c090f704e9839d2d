import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { ReplayView } from '../../src/core/views/replay-view.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { busyboxImage } from '../support/images.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

let engine: Engine;
let image: string;
let home: string;
let repository: string;
beforeAll(async () => {
  engine = connectEngine(testParts().dockerHost);
  image = await busyboxImage(testParts().dockerHost);
});
afterAll(() => engine.close());
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'slipway-run-'));
  repository = path.join(home, 'web');
  mkdirSync(repository);
  git('init', '--quiet', '--initial-branch=main');
});
afterEach(async () => {
  expect(await ownedThings(), 'what a run left in the engine').toEqual([]);
  rmSync(home, { recursive: true });
});

it('builds the image, and runs services and steps on the working tree as it is', async () => {
  write('.gitignore', 'ignored.txt\n');
  write('Dockerfile', `FROM ${image}\nWORKDIR /app\nCOPY . .\nENV BUILT=yes\n`);
  write('kept.txt', 'committed\n');
  write('gone.txt', 'committed\n');
  mkdirSync(path.join(repository, 'sub/deep'), { recursive: true });
  write('sub/deep/here.txt', 'in its folder\n');
  write(
    'slipway.yml',
    `services:
  - { name: web, image: "${image}", commands: ["echo served > index.html", "httpd -f -p 8080"], ready: { command: "wget -qO- 127.0.0.1:8080" } }
steps:
  - name: files
    image: "${image}"
    commands: ["cat kept.txt new.txt", "ls -a", "echo $CI_COMMIT_BRANCH $CI_PIPELINE_EVENT $CI_REPO"]
  - { name: folder, image: "${image}", directory: sub/deep, commands: ["cat here.txt", pwd] }
  - { name: inside, commands: ["echo built $BUILT in $PWD", "cat kept.txt"] }
  - { name: service, image: "${image}", commands: ["wget -qO- http://web:8080"] }
  - { name: other, image: "${image}", commands: [echo never], when: [{ event: tag }] }
push: { repository: shop/web, tags: [latest] }
`,
  );
  commit();
  write('kept.txt', 'changed\n');
  write('new.txt', 'new\n');
  write('ignored.txt', 'ignored\n');
  rmSync(path.join(repository, 'gone.txt'));
  const { status, stdout, stderr } = await slipway([]).ended;
  expect(stdout, stderr).toMatch(/^success \(/m);
  expect(status).toBe(0);
  const said = (step: string): string[] =>
    stdout.split('\n').flatMap((line) => (line.startsWith(step) ? [line.replace(/^\S+ +\| /, '')] : []));
  expect(said('files')).toEqual(expect.arrayContaining(['changed', 'new', '.git', 'main push web']));
  expect(said('files')).not.toContain('ignored.txt');
  expect(said('files')).not.toContain('gone.txt');
  expect(said('inside')).toEqual(expect.arrayContaining(['built yes in /app', 'changed']));
  expect(said('folder')).toEqual(expect.arrayContaining(['in its folder', '/workspace/sub/deep']));
  expect(said('service')).toContain('served');
  expect(said('other')).toEqual([
    '`when` does not match this event.',
    'skipped: `when` does not match this event',
  ]);
  expect(stderr).toContain('Left out here: push.');
  expect(stdout).not.toContain('never');
});

it('gives steps a path of this machine that the person allows, and no other', async () => {
  mkdirSync(path.join(home, 'given'));
  writeFileSync(path.join(home, 'given/x'), 'of this machine\n');
  const given = path.join(home, 'given');
  write(
    'slipway.yml',
    `steps: [{ name: a, image: "${image}", commands: "cat /given/x; echo > /given/y", volumes: ["${given}:/given:ro"] }]\n`,
  );
  commit();
  const refused = await slipway([]).ended;
  expect(refused.status).toBe(1);
  expect(refused.stdout).toContain(
    `mounts ${given} of the worker’s host at /given: this worker allows no such path`,
  );
  expect(refused.stdout).not.toContain('of this machine');
  const allowed = await slipway([], { SLIPWAY_HOST_VOLUMES: given }).ended;
  expect(allowed.stdout, allowed.stderr).toMatch(/^a +\| of this machine$/m);
  expect(allowed.stdout).toMatch(/Read-only file system/);
  const link = await slipway([], { SLIPWAY_HOST_VOLUMES: '/var/run' }).ended;
  expect(link.status).not.toBe(0);
  expect(link.stderr).toContain('SLIPWAY_HOST_VOLUMES');
});

it('ends with 1 and says why where a step fails, a secret masked', async () => {
  write(
    'slipway.yml',
    `steps:
  - name: unit
    image: "${image}"
    environment: { TOKEN: { from_secret: api_token } }
    commands: ["echo the token is $TOKEN", "exit 7"]
  - { name: after, image: "${image}", commands: [echo never] }
`,
  );
  commit();
  const missing = await slipway([]).ended;
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain('the run needs the secret api_token');
  const { status, stdout } = await slipway(['--secret', 'api_token'], { API_TOKEN: 'hunter-2-hunter' }).ended;
  expect(status).toBe(1);
  expect(stdout).toContain('unit  | the token is ********');
  expect(stdout).toContain('unit  | failure');
  expect(stdout).toMatch(/^after \| skipped: step unit failed/m);
  expect(stdout).toMatch(/^failure: step unit: /m);
  expect(stdout).not.toContain('hunter');

  const named = await slipway(['--step', 'after']).ended;
  expect(named).toMatchObject({ status: 0 });
  expect(named.stdout).toContain('after | never');
  expect(named.stdout).not.toContain('unit');
  const wrong = await slipway(['--step', 'afer']).ended;
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain('there is no step "afer"; did you mean "after"?');
});

it('runs the shares of a step, which divide its test files by their number', async () => {
  write(
    'slipway.yml',
    `steps:
  - { name: first, image: "${image}", commands: [echo never] }
  - { name: unit, image: "${image}", split: 2, commands: ['cat "$SLIPWAY_SPLIT_FILES"'] }
`,
  );
  for (const file of ['a.test.ts', 'b.test.ts', 'c.spec.js', 'd.ts']) write(file, '');
  commit();
  const { status, stdout, stderr } = await slipway(['--step', 'unit']).ended;
  expect(status, stderr).toBe(0);
  expect(stdout).toContain('unit 1/2 | a.test.ts\nunit 1/2 | c.spec.js\n');
  expect(stdout).toContain('unit 2/2 | b.test.ts\n');
  expect(stdout).not.toMatch(/never|d\.ts/);
  expect((await slipway(['--step', 'unit 2/2']).ended).stdout).toMatch(/b\.test\.ts/);
});

it('stands for a pull request or a tag', async () => {
  write(
    'slipway.yml',
    `steps:
  - { name: pull, image: "${image}", commands: ["echo $CI_COMMIT_TARGET_BRANCH from $CI_COMMIT_SOURCE_BRANCH"], when: [{ event: pull_request }] }
  - { name: tag, image: "${image}", commands: ["echo tagged $CI_COMMIT_TAG"], when: [{ event: tag }] }
`,
  );
  commit();
  git('tag', 'v1.2.3');
  git('checkout', '--quiet', '-b', 'work');
  const [pull, tag] = [
    await slipway(['--event', 'pull_request']).ended,
    await slipway(['--event', 'tag']).ended,
  ];
  expect(pull.stdout).toContain('| main from work');
  expect(pull.stdout).toMatch(/^tag +\| skipped/m);
  expect(tag.stdout).toContain('| tagged v1.2.3');
});

it('is ended by Ctrl-C, and leaves nothing', async () => {
  writeLongStep();
  const run = slipway([]);
  await run.says('sleeping');
  run.child.kill('SIGINT');
  const { status, stdout } = await run.ended;
  expect(status).toBe(130);
  expect(stdout).toContain('cancelled: ended by Ctrl-C');
});

it('takes away what a run left that was killed', async () => {
  writeLongStep();
  const run = slipway([]);
  await run.says('sleeping');
  run.child.kill('SIGKILL');
  await run.ended;
  expect(await ownedThings()).not.toEqual([]);
  write('slipway.yml', `steps: [{ name: quick, image: "${image}", commands: [echo done] }]\n`);
  expect((await slipway([]).ended).status).toBe(0);
});

it('replays a plan on its commit, whatever is checked out, and builds an image that is gone', async () => {
  write('Dockerfile', `FROM ${image}\nCOPY kept.txt /\n`);
  write('kept.txt', 'of the build\n');
  commit();
  const recorded = git('rev-parse', 'HEAD').trim();
  write('kept.txt', 'newer\n');
  commit();
  const step = {
    image: null,
    environment: {},
    dependsOn: [],
    timeoutMs: 60_000,
    failure: 'fail',
    runsOn: ['success'],
  };
  const steps = [
    { ...step, name: 'show', commands: ['cat kept.txt /kept.txt; echo $CI_PIPELINE_NUMBER'], selected: true },
    { ...step, name: 'left', commands: ['echo never'], selected: false },
  ];
  const target = {
    dockerfile: 'Dockerfile',
    context: '.',
    target: null,
    testTarget: null,
    args: {},
    secrets: [],
  };
  const gone = {
    reference: `127.0.0.1:1/shop/web@sha256:${'0'.repeat(64)}`,
    imageId: `sha256:${'1'.repeat(64)}`,
  };
  const view: ReplayView = {
    id: 'bld_1',
    number: 12,
    projectPath: 'shop/web',
    clone: { url: 'https://git.example.invalid/shop/web.git', ref: 'refs/heads/main', commit: recorded },
    pullRequest: null,
    failedPartOf: null,
    workflows: [
      {
        name: 'default',
        dependsOn: [],
        runsOn: ['success'],
        matrix: null,
        status: 'failure',
        variables: { CI_PIPELINE_NUMBER: '12' },
        image: gone,
        plan: { image: target, services: [], steps: steps as Plan['steps'], push: null, deploys: [] },
      },
    ],
  };
  const server = createServer((request, response) =>
    response.end(request.url === '/api/v1/builds/bld_1/replay' ? JSON.stringify(view) : '{}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    SLIPWAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    SLIPWAY_TOKEN: 'any',
  };
  const { status, stdout, stderr } = await start([process.execPath, MAIN, 'replay', 'bld_1', '--plain'], env)
    .ended;
  server.close();
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain(
    'The image is built of the commit instead, and may differ from the one of the build.',
  );
  expect(stdout.match(/^show +\| of the build$/gm)).toHaveLength(2);
  expect(stdout).toMatch(/^show +\| 12$/m);
  expect(stdout).not.toContain('never\n');
  expect(stderr).toContain(`shop/web#12: commit ${recorded.slice(0, 8)}`);
  expect(git('status', '--porcelain')).toBe('');
}, 120_000);

it('divides a split step as the build did, and takes what others have kept from the server', async () => {
  for (const file of ['a.test.ts', 'b.test.ts', 'c.test.ts']) write(file, '');
  commit();
  const share = (number: number) => ({
    ...{
      name: `unit ${number}/2`,
      image,
      commands: ['cat "$SLIPWAY_SPLIT_FILES" in/dist/app'],
      environment: {},
    },
    ...{ dependsOn: [], timeoutMs: 60_000, failure: 'fail', runsOn: ['success'], selected: true },
    split: { step: 'unit', share: number, of: 2, files: ['*.test.ts'], directory: null },
  });
  const takes = [{ from: 'build', names: null, matrix: {}, path: 'in', optional: false }];
  const plan = { image: null, services: [], push: null, deploys: [] };
  const shared = { runsOn: ['success'] as const, matrix: null, status: 'failure' as const, variables: {} };
  mkdirSync(path.join(home, 'dist'));
  writeFileSync(path.join(home, 'dist/app'), 'kept by the build\n');
  const archive = execFileSync('tar', ['-czf', '-', 'dist/app'], { cwd: home });
  const artifact = {
    ...{ id: 'art_1', workflow: 'build', step: 'make', name: 'site', path: 'in', bytes: archive.length },
    digest: `sha256:${createHash('sha256').update(archive).digest('hex')}`,
  };
  let view: ReplayView = {
    ...{ id: 'bld_1', number: 12, projectPath: 'shop/web', pullRequest: null, failedPartOf: null },
    clone: {
      url: 'https://git.example.invalid/shop/web.git',
      ref: 'refs/heads/main',
      commit: git('rev-parse', 'HEAD').trim(),
    },
    workflows: [
      { ...shared, name: 'build', dependsOn: [], image: null, plan: { ...plan, steps: [] } },
      {
        ...{ ...shared, name: 'test', dependsOn: ['build'], image: null },
        plan: { ...plan, steps: [share(1), share(2)] as unknown as Plan['steps'], takes },
        images: {},
        divisions: {
          unit: [
            { files: ['b.test.ts', 'c.test.ts'], expectedMs: 9 },
            { files: ['a.test.ts'], expectedMs: 9 },
          ],
        },
        takes: { artifacts: [artifact], missing: [] },
      },
    ],
  };
  let answer: Buffer | null = archive;
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    if (request.url !== '/api/v1/artifacts/art_1') return response.end(JSON.stringify(view));
    return answer === null ? response.writeHead(404).end('{}') : response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    SLIPWAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    SLIPWAY_TOKEN: 'any',
  };
  const replay = (...args: string[]) =>
    start([process.execPath, MAIN, 'replay', 'bld_1', '--plain', ...args], env).ended;
  try {
    const { status, stdout, stderr } = await replay('--workflow', 'test');
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain('Took the artifact site of build (step make): 1 file,');
    expect(stdout).toContain('unit 1/2 | b.test.ts\nunit 1/2 | c.test.ts\nunit 1/2 | kept by the build\n');
    expect(stdout).toContain('unit 2/2 | a.test.ts\nunit 2/2 | kept by the build\n');
    const all = await replay();
    expect(all.stdout).toContain('the workflow build has no artifacts');
    expect(asked.filter((url) => url === '/api/v1/artifacts/art_1')).toHaveLength(1);
    answer = Buffer.concat([archive, archive]);
    const longer = await replay('--workflow', 'test');
    expect(longer.stdout).toContain('it is longer than was told');
    expect(longer.stdout).not.toContain('kept by the build');
    answer = null;
    const gone = await replay('--workflow', 'test');
    expect(gone).toMatchObject({ status: 1 });
    expect(gone.stdout).toContain('is not there to be taken: it has expired, or was removed');
    view = {
      ...view,
      workflows: view.workflows.map((one) => ({
        ...one,
        takes: undefined,
        images: undefined,
        divisions: undefined,
      })),
    } as unknown as ReplayView;
    const older = await replay('--workflow', 'test');
    expect(older.stdout).toContain('the workflow build has not run in this build');
    expect(readdirSync(path.join(home, '.cache/slipway/runs/files'))).toEqual([]);
  } finally {
    server.close();
  }
}, 120_000);

it('runs what the file includes as it is in the tree, and nothing where a file of another project is not here', async () => {
  mkdirSync(path.join(repository, 'ci'));
  write('ci/lint.yml', `steps: [{ name: lint, image: "${image}", commands: [echo committed] }]\n`);
  write(
    'slipway.yml',
    `include: ci/lint.yml\nsteps: [{ name: own, image: "${image}", commands: [echo own] }]\n`,
  );
  commit();
  write('ci/lint.yml', `steps: [{ name: lint, image: "${image}", commands: [echo changed] }]\n`);
  const { status, stdout, stderr } = await slipway([]).ended;
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^lint +\| changed$/m);
  expect(stdout.indexOf('changed')).toBeLessThan(stdout.indexOf('| own'));
  const other = `{ project: team/shared, commit: ${'a'.repeat(40)}, file: scan.yml }`;
  write('slipway.yml', `include: [ci/lint.yml, ${other}]\n`);
  const wrong = await slipway([]).ended;
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toContain('files of other projects are on the server');
  expect(wrong.stderr).toContain('`--include team/shared=FOLDER`');
  expect(wrong.stdout).toBe('');
});

it('hands artifacts from one workflow to the next, and says what is missing of one that is not run', async () => {
  mkdirSync(path.join(repository, '.slipway'));
  write(
    '.slipway/build.yml',
    `steps: { make: { image: "${image}", commands: [mkdir dist, echo made > dist/app], artifacts: { paths: dist, name: site } } }\n`,
  );
  write(
    '.slipway/test.yml',
    `depends_on: build\nartifacts: { from: build, path: in }\nsteps: { use: { image: "${image}", commands: cat in/dist/app } }\n`,
  );
  commit();
  const both = await slipway([]).ended;
  expect(both.status, both.stderr).toBe(0);
  expect(both.stdout).toContain('Took the artifact site of build (step make): 1 file,');
  expect(both.stdout).toMatch(/^use +\| made$/m);
  const alone = await slipway(['.slipway/test.yml']).ended;
  expect(alone.status).toBe(1);
  expect(alone.stdout).toContain(
    'the workflow build has not run in this build, so that there is no artifact of it',
  );
  expect(readdirSync(path.join(home, '.cache/slipway/runs/files'))).toEqual([]);
});

it('cancels the workflows after one in which a step fails that says so, but those for a failure', async () => {
  mkdirSync(path.join(repository, '.slipway'));
  const step = (commands: string, more = '') =>
    `steps: { one: { image: "${image}", commands: ${commands}${more} } }\n`;
  write('.slipway/lint.yml', step('exit 3', ', failure: cancel'));
  write('.slipway/long.yml', step('echo not reached'));
  write('.slipway/tell.yml', `depends_on: [lint, long]\nruns_on: [success, failure]\n${step('echo told')}`);
  commit();
  const ended = await slipway([]).ended;
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain('Cancelled: step one of workflow lint failed.');
  expect(ended.stdout).not.toContain('not reached');
  expect(ended.stdout).toContain('told');
  expect(ended.stdout).toContain('workflow lint: step one: exit code 3 (3 workflows');
});

it('runs in a folder that is no repository, and says what is wrong with a file', async () => {
  rmSync(path.join(repository, '.git'), { recursive: true });
  write('slipway.yml', `steps: [{ name: list, image: "${image}", commands: [ls] }]\n`);
  write('some.txt', '');
  const good = await slipway([]).ended;
  expect(good.stdout, good.stderr).toContain('list  | some.txt');
  write('wrong.yml', 'steps: [{ name: a, image: "node:20", comands: [x] }]\n');
  const wrong = await slipway(['wrong.yml']).ended;
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toContain('wrong.yml:1:38 error key_unknown');
});

it('says that there is no engine', async () => {
  write('slipway.yml', `steps: [{ name: list, image: "${image}", commands: [ls] }]\n`);
  const { status, stderr } = await slipway([], { DOCKER_HOST: 'unix:///nowhere.sock' }).ended;
  expect(status).toBe(1);
  expect(stderr).toContain('No Docker engine answers at unix:///nowhere.sock.');
});

it('runs again when a file changes, with what was cached, and cancels the run of before', async () => {
  write(
    'slipway.yml',
    `steps:
  - { name: fill, image: "${image}", commands: "echo x > made", cache: { paths: [made], key: { files: [slipway.yml] } } }
  - { name: one, image: "${image}", commands: [cat what.txt, sleep 300] }\n`,
  );
  write('what.txt', 'first\n');
  commit();
  const run = slipway(['--watch']);
  await run.says('first');
  write('what.txt', 'second\n');
  await run.says('files have changed');
  await run.says(': hit, ');
  await run.says('second');
  run.child.kill('SIGINT');
  expect((await run.ended).status).toBe(130);
});

it('says a warning once while it watches, and again when another comes', async () => {
  const warned = (name: string): string => `
steps: [{ name: unit, image: "${image}", commands: [cat what.txt], environment: { A: { from_secret: ${name} } } }]\n`;
  write('slipway.yml', warned('one'));
  write('what.txt', 'first\n');
  commit();
  const run = slipway(['--watch', '--secret', 'one', '--secret', 'two'], { ONE: 'hunter', TWO: 'hunter' });
  await run.says('unit  | first');
  write('what.txt', 'second\n');
  await run.says('unit  | second');
  write('slipway.yml', warned('two'));
  write('what.txt', 'third\n');
  await run.says('unit  | third');
  run.child.kill('SIGINT');
  const { stderr } = await run.ended;
  expect(stderr.match(/secret `(one|two)`/g)).toEqual(['secret `one`', 'secret `two`']);
});

it('opens a shell in the container of a step that failed', async () => {
  write(
    'slipway.yml',
    `steps:
  - name: unit
    image: "${image}"
    environment: { PATH: "/bin:/own", DOCKER_PASSWORD: { from_secret: password } }
    commands: [echo made > made.txt, "false"]
`,
  );
  commit();
  const run = onTerminal(['--shell-on-failure', '--secret', 'password'], { PASSWORD: 'hunter2' });
  // What it was about, before the prompt.
  await run.says('  + false\r\nA shell in its container');
  run.child.stdin?.write('echo "$DOCKER_PASSWORD $(cat made.txt) $PATH in $PWD"; exit\n');
  await run.says('hunter2 made /bin:/own in /workspace');
  const { status, stdout } = await run.ended;
  expect(status).toBe(1);
  expect(stdout).toContain('step unit: exit code 1 (');
});

it('opens no shell for a step whose failure is ignored, unless it is named', async () => {
  write(
    'slipway.yml',
    `steps:
  - { name: lint, image: "${image}", commands: ["false"], failure: ignore }
  - { name: unit, image: "${image}", commands: [echo on] }\n`,
  );
  commit();
  const all = await onTerminal(['--shell-on-failure']).ended;
  expect(all.stdout).not.toContain('A shell in its container');
  expect(all.status).toBe(0);
  const named = onTerminal(['--shell-on-failure', '--step', 'lint']);
  await named.says('A shell in its container');
  named.child.stdin?.write('exit\n');
  expect((await named.ended).status).toBe(0);
});

it('ends a shell that nobody leaves when it is told to end', async () => {
  write('slipway.yml', `steps: [{ name: unit, image: "${image}", commands: ["false"] }]\n`);
  commit();
  const run = onTerminal(['--shell-on-failure']);
  await run.says('/workspace #');
  const { pid = 0 } = run.child;
  // The program is the child of `script`, by way of a shell.
  process.kill(await lastDescendant(pid), 'SIGTERM');
  expect((await run.ended).status).toBe(130);
});

it('asks for a secret, shows nothing of it, and takes Ctrl-C for an end', async () => {
  write(
    'slipway.yml',
    `steps: [{ name: unit, image: "${image}", environment: { TOKEN: { from_secret: api_token } }, commands: ["echo $TOKEN | wc -c"] }]\n`,
  );
  commit();
  const asked = onTerminal(['--plain']);
  await asked.says('secret api_token:');
  asked.child.stdin?.write('hunter2\n');
  const { status, stdout } = await asked.ended;
  expect(stdout).toContain('unit  | 8');
  expect(stdout).not.toContain('hunter2');
  expect(status).toBe(0);
  const left = onTerminal(['--plain']);
  await left.says('secret api_token:');
  left.child.stdin?.write('\u0003');
  expect(await left.ended).toMatchObject({ status: 130 });
});

function writeLongStep(): void {
  write('slipway.yml', `steps: [{ name: long, image: "${image}", commands: [echo sleeping, sleep 300] }]\n`);
  commit();
}

function write(name: string, text: string): void {
  writeFileSync(path.join(repository, name), text);
}

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
  return execFileSync('git', ['-C', repository, ...who, ...args], { encoding: 'utf8' });
}

function commit(): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'One');
}

interface Running {
  readonly child: ChildProcess;
  readonly says: (words: string) => Promise<unknown>;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

function slipway(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  return start([process.execPath, MAIN, 'run', ...args], env);
}

/** With a terminal of its own, as a person has it. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const command = [process.execPath, MAIN, 'run', ...args].join(' ');
  return start(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
    TERM: 'xterm',
    ...env,
  });
}

/** The process that a chain of processes ends with. */
async function lastDescendant(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const [child] = children.trim().split(' ').filter(Boolean);
  return child === undefined ? pid : lastDescendant(Number(child));
}

function start([program = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): Running {
  const { dockerHost, buildNetworks } = testParts();
  const child = spawn(program, args, {
    cwd: repository,
    env: {
      ...nodeEnvironment(),
      HOME: home,
      DOCKER_HOST: dockerHost,
      SLIPWAY_BUILD_NETWORKS: buildNetworks,
      ...env,
    },
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => (out[name] += part));
  return {
    child,
    says: (words) => waitFor(`it says ${words}`, async () => out.stdout.includes(words), 60_000),
    ended: new Promise((resolve) => child.on('close', (status) => resolve({ status, ...out }))),
  };
}

/** Names of what runs of this place have in the engine. */
async function ownedThings(): Promise<readonly string[]> {
  const { containers, networks, volumes } = await engine.listOwned([LABELS.lease]);
  return [...containers, ...networks, ...volumes]
    .filter(({ labels }) => labels[LABELS.worker]?.startsWith('run-') === true)
    .map(({ id }) => id);
}
