/*
 * node scripts/bootstrap.mjs [--pages] <program> [arguments]
 *
 * Brings a fresh clone to the point where it can run, then runs the program with the Node that Slipway is written for.
 * It needs no package and runs on Node 18 and later. `program` is a file of ours, or a command of an installed package.
 *   1. packages: `npm ci`, when node_modules is not what package-lock.json says
 *   2. Node 24: the one that runs this, else from the package `node`; fetched by ourselves where npm runs no install scripts
 *   3. --pages: `vite build`, when web/dist is older than what it is made of
 * It says what it does, and nothing when there is nothing to do.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const packages = path.join(root, 'node_modules');
const OLDEST_NODE = [22, 19];

const [, , ...given] = process.argv;
const pages = given[0] === '--pages';
const [program, ...args] = pages ? given.slice(1) : given;
if (program === undefined) fail('usage: node scripts/bootstrap.mjs [--pages] <program> [arguments]');

await ensurePackages();
const node = await ensureNode();
// What Node has compiled is kept: programs that have many files start in a third to a half of the time.
process.env.NODE_COMPILE_CACHE ??= path.join(packages, '.cache', 'compiled');
if (pages) await ensurePages(node);
await handOver(node);

async function ensurePackages() {
  const difference = packagesDifference();
  if (difference === null) return;
  say(`installing packages: ${difference} (npm ci, a minute or so)`);
  await npm(
    [
      'ci',
      '--ignore-scripts',
      '--include=dev',
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
      '--loglevel=error',
    ],
    root,
  );
  const still = packagesDifference();
  if (still !== null) fail(`npm ci ended well, but ${still}`);
}

/** What node_modules lacks of the lock file, by npm's own record of what it installed; null when nothing. */
function packagesDifference() {
  const wanted = readLock(path.join(root, 'package-lock.json'));
  const record = path.join(packages, '.package-lock.json');
  if (!existsSync(record))
    return existsSync(packages) ? 'node_modules is not complete' : 'there are none yet';
  const installed = readLock(record);
  for (const [name, { version, optional, link }] of Object.entries(wanted)) {
    if (name === '' || optional || link) continue;
    const short = name.replace(/^node_modules\//, '');
    if (installed[name] === undefined) return `${short} is missing`;
    if (installed[name].version !== version) return `${short} is ${installed[name].version}, not ${version}`;
  }
  return null;
}

function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

async function ensureNode() {
  const folder = path.join(packages, 'node');
  const own = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (isGoodNode(own)) return own;
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `${platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${process.arch}`;
  const fetched = path.join(folder, 'node_modules', name, 'bin', 'node');
  // Of the same major version: what it has been tested with behaves alike, and 40 MB stay where they are.
  const isSameMajor = process.versions.node.split('.')[0] === version.split('.')[0];
  if (isSameMajor && !existsSync(fetched) && isGoodNode(process.execPath)) return process.execPath;
  if (!isGoodNode(fetched)) {
    say(`fetching Node ${version} (npm package ${name}, 40 MB)`);
    await npm(
      ['install', '--no-save', '--no-package-lock', '--ignore-scripts', `${name}@${version}`],
      folder,
      true,
    );
  }
  if (isGoodNode(fetched)) return fetched;
  if (isGoodNode(process.execPath)) {
    say(`Node ${version} does not run here; going on with ${process.version}`);
    return process.execPath;
  }
  return fail(
    `Node ${version} from the package ${name} does not run here, and this is ${process.version}. ` +
      `Install Node ${OLDEST_NODE.join('.')} or later and run the same command again.`,
  );
}

function isGoodNode(file) {
  if (!existsSync(file)) return false;
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = (stdout ?? '').replace('v', '').split('.').map(Number);
  return status === 0 && (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]));
}

async function ensurePages(node) {
  const stamp = path.join(root, 'web/dist/.made-of');
  const inputs = hashOf(['web', 'src/core', 'package-lock.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  say('building the pages (vite)');
  const vite = commandOf('vite');
  const build = await run(node, [vite, 'build', 'web', '--logLevel', 'warn'], root);
  if (build !== 0) fail('the pages were not built; see above');
  writeFileSync(stamp, inputs);
}

function hashOf(names) {
  const hash = createHash('sha256');
  const add = (file) => {
    if (statSync(file).isDirectory()) {
      for (const name of readdirSync(file).sort())
        if (name !== 'dist' && name !== 'node_modules') add(path.join(file, name));
    } else hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  };
  for (const name of names) add(path.join(root, name));
  return hash.digest('hex');
}

/** Runs the program in this one's place: same terminal, signals passed on, same exit code. */
async function handOver(node) {
  const file = path.resolve(root, program);
  const code = await run(node, [existsSync(file) ? file : commandOf(program), ...args], process.cwd(), true);
  process.exit(code);
}

/** File behind a command that a package brings. */
function commandOf(name) {
  const link = path.join(packages, '.bin', name);
  return existsSync(link) ? realpathSync(link) : fail(`there is neither a file nor a command ${name}`);
}

async function npm(npmArgs, cwd, quiet = false) {
  const startMs = Date.now();
  const beat = setInterval(() => say(`… ${Math.round((Date.now() - startMs) / 1000)} s`), 15_000);
  const script = process.env.npm_execpath;
  const [command, first] =
    script !== undefined && /npm-cli\.c?js$/.test(script) ? [process.execPath, [script]] : ['npm', []];
  const code = await run(command, [...first, ...npmArgs], cwd, false, quiet);
  clearInterval(beat);
  if (code !== 0)
    fail(`npm ${npmArgs[0]} failed; see above. With a connection to the registry, run the command again.`);
}

/** Exit code of a command. `foreground`: it is the program itself, which ends by the terminal's own Ctrl-C. */
function run(command, commandArgs, cwd, foreground = false, quiet = false) {
  const bin = path.dirname(command);
  const env = { ...process.env };
  if (foreground && path.isAbsolute(command)) env.PATH = `${bin}${path.delimiter}${env.PATH ?? ''}`;
  if (!foreground) for (const key of Object.keys(env)) if (isOfThisScript(key)) delete env[key];
  const child = spawn(command, commandArgs, {
    cwd,
    env,
    stdio: quiet ? ['ignore', 'ignore', 'inherit'] : 'inherit',
  });
  const ignore = () => undefined;
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', ignore).on('SIGTERM', forward).on('SIGHUP', forward);
  return new Promise((resolve) => {
    child.on('error', (error) => fail(`${command} cannot be run: ${error.message}`));
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward).off('SIGHUP', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** What `npm run` tells its scripts about this package would mislead another npm. */
function isOfThisScript(name) {
  return /^npm_(?:package|lifecycle)_|^npm_config_(?:local_prefix|ignore_scripts)$/.test(name);
}

function say(sentence) {
  process.stderr.write(`set-up: ${sentence}\n`);
}

function fail(sentence) {
  process.stderr.write(`set-up failed: ${sentence}\n`);
  process.exit(1);
}
