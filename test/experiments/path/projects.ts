import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostedRepository } from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import type { System } from '../../support/system.ts';
import type { Ground } from './ground.ts';

export const HOST = 'chaos.example.com';

/** `deploys`: an image, a test in it, a release. `talks`: a step that writes secrets among its lines. `fails`: a red step. */
export type Kind = 'deploys' | 'talks' | 'fails';
export const KINDS: readonly Kind[] = ['deploys', 'talks', 'fails'];

/** A push of a round, as it was delivered. */
export interface Pushed {
  readonly kind: Kind;
  readonly commit: string;
  /** What the release answers with. */
  readonly version: string;
  readonly hostDeliveryId: string;
}

/** Values that no log may show. The second one has lines of its own. */
export const SECRETS = { token: 'sesame-4711-open', key: 'first-line-of-it\nsecond-line-of-it' };

const LINES = 400;

const TALK = [
  `i=0; while [ $i -lt ${LINES} ]; do echo "line $i $TOKEN end"; i=$((i+1)); usleep 5000; done`,
  'echo "key $KEY"',
  'echo last',
] as const;

const TALKED = [
  Array.from({ length: LINES }, (_, line) => `line ${line} ${SECRETS.token} end`),
  [`key ${SECRETS.key}`],
  ['last'],
];

const TEST = (version: string): readonly string[] => [`grep -q ${version} /www/index.html`, 'sleep 2'];
const RED = ['sleep 1', 'exit 3'];
const SMOKE = ['echo "smoke $TOKEN"', 'sleep 0.5'];

const APP_LINES = 150;

/** Serves at once, and writes for some two seconds. */
const app = (version: string): string =>
  [
    `( echo "# ${version}"; i=0; while [ $i -lt ${APP_LINES} ]; do echo "app $i $TOKEN end"; i=$((i+1)); usleep 10000; done; echo "key $KEY" ) &`,
    'exec httpd -f -p 8080 -h /www',
  ].join(' ');

/**
 * What a step writes, before anything is taken out of it: each command, then its output. Null for one whose output is
 * not known to the byte, as that of the image.
 */
export function writtenByStep(name: string, version: string): string | null {
  if (name === 'talk') return said(TALK, TALKED);
  if (name === 'test') return said(TEST(version));
  return name === 'red' ? said(RED) : null;
}

/** What the smoke test of a deployment writes. */
export const writtenBySmoke = (): string => said(SMOKE, [[`smoke ${SECRETS.token}`]]);

/** What the app writes each time that it begins. In no other place of it there is a `#`. */
export const writtenByApp = (version: string): string =>
  linesOf([
    `# ${version}`,
    ...Array.from({ length: APP_LINES }, (_, line) => `app ${line} ${SECRETS.token} end`),
    `key ${SECRETS.key}`,
  ]);

const said = (commands: readonly string[], outputs: readonly (readonly string[])[] = []): string =>
  linesOf(commands.flatMap((command, n) => [`+ ${command}`, ...(outputs[n] ?? [])]));

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const FILES: Readonly<Record<Kind, (version: string) => Record<string, string>>> = {
  deploys: (version) => ({
    Dockerfile: [
      'FROM slipway-test/busybox:1',
      `RUN mkdir /www && echo ${version} > /www/index.html && sleep 0.5`,
      `CMD ${JSON.stringify(['sh', '-c', app(version)])}`,
      '',
    ].join('\n'),
    'slipway.yml': `image: {}
steps:
  - { name: test, commands: ${JSON.stringify(TEST(version))} }
push: { tags: ["\${CI_COMMIT_SHA}"] }
deploy:
  environment: production
  port: 8080
  host: ${HOST}
  health: { path: /, passes: 2 }
  env: { TOKEN: { from_secret: token }, KEY: { from_secret: key } }
  smoke: { commands: ${JSON.stringify(SMOKE)} }
  drain: { requests: 1s, connections: 1s }
  standby: 10m
`,
  }),
  talks: () => ({
    'slipway.yml': `steps:
  - name: talk
    image: slipway-test/busybox:1
    environment: { TOKEN: { from_secret: token }, KEY: { from_secret: key } }
    commands: ${JSON.stringify(TALK)}
`,
  }),
  fails: () => ({
    'slipway.yml': `steps: [{ name: red, image: "slipway-test/busybox:1", commands: ${JSON.stringify(RED)} }]\n`,
  }),
};

const GITHUB_TOKEN = 'ghp_of_the_rounds_0123456789';

/** Makes the three projects, whose commits GitHub is told of. */
export async function addProjects({
  system,
  host,
  github,
}: Ground): Promise<Readonly<Record<Kind, HostedRepository>>> {
  github.tokens.set(GITHUB_TOKEN, ['statuses']);
  const add = async (kind: Kind): Promise<HostedRepository> => {
    const repository = host.create(`chaos/${kind}`);
    repository.commit(FILES[kind]('begin'), 'begin');
    await system.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    github.repositories.add(repository.fullName);
    const connection = `/projects/${encodeURIComponent(repository.fullName)}/connection`;
    await system.api('PUT', connection, { token: GITHUB_TOKEN });
    return repository;
  };
  const repositories = {
    deploys: await add('deploys'),
    talks: await add('talks'),
    fails: await add('fails'),
  };
  for (const kind of ['deploys', 'talks'] as const)
    for (const [name, value] of Object.entries(SECRETS))
      await system.api('PUT', `/projects/${encodeURIComponent(`chaos/${kind}`)}/secrets/${name}`, { value });
  return repositories;
}

/** Commits a change and delivers its push until it is taken, as a Git host that delivers again. */
export async function pushTo(
  system: System,
  kind: Kind,
  repository: HostedRepository,
  version: string,
): Promise<Pushed> {
  const commit = repository.commit({ ...FILES[kind](version), round: version }, version);
  const hostDeliveryId = randomUUID();
  const payload = pushPayload({ repository: repository.fullName, commit, branch: 'main', message: version });
  for (;;) {
    const answer = await system.deliver('push', payload, hostDeliveryId).catch(() => null);
    if (answer?.status === 202) return { kind, commit, version, hostDeliveryId };
    await sleep(100);
  }
}
