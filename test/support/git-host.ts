import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A Git host for tests: real repositories over real smart HTTP (`git http-backend`) on the loopback. */
export interface GitHost {
  /** e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  /** `service path` of each request so far, e.g. `git-upload-pack /shop/web.git/git-upload-pack`. */
  readonly requests: readonly string[];
  /** The Authorization headers seen. */
  readonly authorizations: readonly string[];
  /** Makes a repository with an empty `main`; `name` like `shop/web`, with a number where there is one of that name. */
  create(name: string): HostedRepository;
  /** Holds every answer back until {@link GitHost.resume}; what was asked stays open. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface HostedRepository {
  readonly cloneUrl: string;
  /** Full name on the host. */
  readonly fullName: string;
  /**
   * Writes files (null removes one), commits on a branch (made from HEAD when new), and moves the hosted one there, as
   * a push with force does; returns the commit.
   */
  commit(
    files: Readonly<Record<string, string | null>>,
    message?: string,
    options?: { branch?: string },
  ): string;
  /** Runs git in the work copy; returns stdout. */
  git(...args: string[]): string;
  /** Moves a branch of the hosted repository to a commit, as a force push does. */
  forcePush(branch: string, commit: string): void;
}

/** How the host behaves; may be changed while it runs. */
export interface GitHostOptions {
  /** When set, every request needs this password (any user name). */
  password?: string;
  /** Which passwords are right, where they change. */
  accepts?: (password: string) => boolean;
  /** That many requests from now on are answered 503. */
  failures?: number;
  /** Speaks protocol 0, which serves no commit by its name. */
  oldProtocol?: boolean;
  /** So long it counts objects before it sends any, and tells that it is alive so often; 0: never. In seconds. */
  counts?: { readonly seconds: number; readonly keepAlive: number };
}

const AS_ADA = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'commit.gpgsign',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_CONFIG_KEY_1: 'maintenance.auto',
  GIT_CONFIG_VALUE_1: 'false',
};

/** Starts a host with no repository. End it with `close`: it removes its files. */
export async function startGitHost(options: GitHostOptions = {}): Promise<GitHost> {
  const root = mkdtempSync(path.join(tmpdir(), 'slipway-git-host-'));
  const requests: string[] = [];
  const authorizations: string[] = [];
  let gate = Promise.resolve();
  let open: () => void = () => undefined;
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const authorization = request.headers.authorization ?? '';
    if (authorization !== '') authorizations.push(authorization);
    const password = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')[1];
    const isRight = options.accepts ?? ((given) => [undefined, given].includes(options.password));
    if (!isRight(password ?? '')) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    if ((options.failures ?? 0) > 0) {
      options.failures = (options.failures ?? 0) - 1;
      response.writeHead(503).end();
      return;
    }
    if (options.oldProtocol === true) delete request.headers['git-protocol'];
    void gate.then(() => serve(root, options, request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    authorizations,
    create: (name) => createRepository(root, url, freeName(root, name)),
    pause: () => {
      gate = new Promise((resolve) => (open = resolve));
    },
    resume: () => open(),
    close: async () => {
      open();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The name, or where an earlier try of a test has made that repository, one like it. */
function freeName(root: string, name: string): string {
  for (let number = 1; ; number += 1) {
    const one = number === 1 ? name : `${name}-${number}`;
    if (!existsSync(path.join(root, 'work', one))) return one;
  }
}

/*
 * One process of a test for several of git: each copies the tables of all its memory first. $1 is the hosted repository,
 * which has the objects of both.
 */
const CREATE = `
git init --quiet --template= --bare --initial-branch=main "$1"
git init --quiet --template= --initial-branch=main
git remote add origin "$1"
rm -r .git/objects
ln -s "$1/objects" .git/objects`;
/** $2: the branch, $3: the message. */
const COMMIT = `
read -r head <.git/HEAD
[ "$head" = "ref: refs/heads/$2" ] || git checkout --quiet -B "$2"
git add --all
git commit --quiet --allow-empty -m "$3"
commit=$(git rev-parse HEAD)
git --git-dir="$1" update-ref "refs/heads/$2" "$commit"
echo "$commit"`;

function createRepository(root: string, url: string, name: string): HostedRepository {
  const bare = path.join(root, 'hosted', `${name}.git`);
  const work = path.join(root, 'work', name);
  mkdirSync(work, { recursive: true });
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      cwd: work,
      env: { ...process.env, ...AS_ADA },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const script = (text: string, ...args: string[]): string => run('sh', '-ec', text, 'sh', bare, ...args);
  script(CREATE);
  return {
    cloneUrl: `${url}/${name}.git`,
    fullName: name,
    git: (...args) => run('git', ...args),
    commit: (files, message = 'change', { branch = 'main' } = {}) => {
      for (const [file, text] of Object.entries(files)) writeWorkFile(path.join(work, file), text);
      return script(COMMIT, branch, message);
    },
    forcePush: (branch, commit) =>
      void run('git', 'push', '--quiet', '--force', 'origin', `${commit}:refs/heads/${branch}`),
  };
}

function writeWorkFile(file: string, text: string | null): void {
  if (text === null) return rmSync(file, { force: true });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What git pushes through before its own: `uploadpack.packObjectsHook` (git-config). */
function countsFor({ seconds, keepAlive }: Required<GitHostOptions>['counts']): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'uploadpack.packObjectsHook',
    GIT_CONFIG_VALUE_0: `sleep ${seconds};`,
    GIT_CONFIG_KEY_1: 'uploadpack.keepAlive',
    GIT_CONFIG_VALUE_1: String(keepAlive),
  };
}

/** One request through `git http-backend`, a CGI program (RFC 3875). */
function serve(
  root: string,
  { counts }: GitHostOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://host');
  const cgi = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: path.join(root, 'hosted'),
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      REMOTE_USER: 'test',
      REMOTE_ADDR: '127.0.0.1',
      ...(counts === undefined ? {} : countsFor(counts)),
    },
  });
  request.pipe(cgi.stdin).on('error', () => undefined);
  cgi.stderr.resume();
  let head = Buffer.alloc(0);
  let started = false;
  cgi.stdout.on('data', (part: Buffer) => {
    if (started) return void response.write(part);
    head = Buffer.concat([head, part]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    started = true;
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const [name = '', ...value] = line.split(': ');
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value[0] ?? '500', 10);
      else response.setHeader(name, value.join(': '));
    }
    response.write(head.subarray(end + 4));
  });
  cgi.on('close', () => response.end());
  response.on('close', () => cgi.kill());
}
