import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { endOf, push } from '../support/builds.ts';
import { filesWith } from '../support/files-with.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { attemptOf, linesOf, rowsOf } from './support/read-build.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const TOKEN = 'ghp_aTokenOf+a/Private=Repository';
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
/** What the token looks like wherever it may be. */
const FORMS = [TOKEN, encodeURIComponent(TOKEN), BASIC];

let world: World;
let repository: HostedRepository;
let whileFetching: readonly string[];
/** What the Git host was asked for while the worker was at work. */
let askedMeanwhile: readonly string[];
let whileRunning: readonly string[];
let build: BuildView;

beforeAll(async () => {
  // Without a worker yet, so that the fetch is looked at by itself.
  world = await startWorld({ worker: false }, { password: TOKEN });
  const { system, host } = world;
  repository = await world.addProject('private/shop', FILES, {}, { token: TOKEN });
  host.pause();
  const pushed = push(system, repository, {});
  whileFetching = await commandsWhileFetching();
  host.resume();
  const id = await pushed;
  const asked = host.requests.length;
  await system.startWorker();
  await untilSaid(system, id, 'unit', 'all is seen');
  whileRunning = filesWith(FORMS, system.dir);
  build = await endOf(system, id);
  askedMeanwhile = host.requests.slice(asked);
});
afterAll(() => world?.stop());

describe('a private repository', () => {
  it('is built by the token of its project, from the push to the checkout', async () => {
    expect(build.status, explain(build)).toBe('success');
    expect(await logOf('unit')).toContain('the content of a private file');
    expect(new Set(world.host.authorizations)).toEqual(new Set([`Basic ${BASIC}`]));
  });

  it('is not let in without the token, or with another one', async () => {
    const other = world.host.create('private/other');
    other.commit({ file: 'text' });
    for (const token of [undefined, 'ghp_wrong'])
      await expect(
        world.system.api('POST', '/projects', { cloneUrl: other.cloneUrl, token }),
      ).rejects.toThrow(/: 502 .*repository_unreachable/);
  });

  it('shows its token in the command line of no process', () => {
    expect(whileFetching.filter((line) => line.includes(repository.cloneUrl))).not.toEqual([]);
    expect(whileFetching.filter((line) => FORMS.some((form) => line.includes(form)))).toEqual([]);
  });

  it('is not asked of its host by the worker', () => {
    expect(askedMeanwhile).toEqual([]);
  });

  it('leaves its token in no checkout, no mirror, no record and no log', async () => {
    expect(whileRunning).toEqual([]);
    expect(filesWith([repository.cloneUrl], world.system.dir)).not.toEqual([]);
    expect(filesWith(FORMS, world.system.dir)).toEqual([]);
    const config = await logOf('unit');
    expect(config).toContain(`url = ${repository.cloneUrl}`);
    expect(config).not.toContain('********');
    for (const { name } of rowsOf(build)) expect(formsIn(await logOf(name)), `log of ${name}`).toEqual([]);
  });

  it('tells its token in no answer of the API', async () => {
    const { projectId, id } = build;
    for (const target of ['/projects', `/projects/${projectId}`, `/builds/${id}`, '/builds', '/deliveries'])
      expect(formsIn(JSON.stringify(await world.system.api('GET', target))), target).toEqual([]);
  });
});

const FILES = {
  'private.txt': 'the content of a private file\n',
  'slipway.yml': `steps:
  - name: unit
    image: slipway-test/busybox:1
    commands:
      - cat private.txt
      - cat .git/config
      - "! grep -rlE '[Ee]xtra[Hh]eader|x-access-token|://[^/ ]+@' .git"
      - env
      - echo all is seen; sleep 2
`,
};

/** Command lines of all processes while git stands before a Git host that does not answer. */
function commandsWhileFetching(): Promise<readonly string[]> {
  return waitFor('git fetches', () => {
    const lines = commandLines();
    const fetches = lines.some((line) => line.includes('remote-http') && line.includes(repository.cloneUrl));
    return fetches ? lines : null;
  });
}

function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // ended meanwhile
      }
    });
}

const formsIn = (text: string): readonly string[] => FORMS.filter((form) => text.includes(form));

async function logOf(row: string): Promise<string> {
  const lines = await linesOf(world.system, attemptOf(build, row)?.logId ?? '');
  return lines.map(({ text }) => text).join('\n');
}
