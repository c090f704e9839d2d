import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

/*
 * `npm run build [-- FOLDER]`: `dist/`, or that folder, is the program as JavaScript, with the pages and whatever else it
 * reads, under the same paths as in the sources. Types are replaced by blanks, so that lines and columns of an error are those of the source.
 */
const ROOT = path.resolve(import.meta.dirname, '..');
const DIST = path.resolve(ROOT, process.argv[2] ?? 'dist');
const FOLDERS = ['config', 'src', 'worker', 'scripts/installation'];
const FILES = ['start', 'stop', 'prepare-router', 'health'].map((name) => `scripts/${name}.ts`);
/** Files that programs read or run beside themselves. */
const BESIDE = /\.(?:sh|json)$/;
/** `from './x.ts'`, `import './x.ts'`, `import('./x.ts')`: every import of ours names a file. */
const IMPORT = /(\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)'(\.{1,2}\/[^'\n]+)\.ts'/g;

const startMs = Date.now();
process.removeAllListeners('warning'); // of `stripTypeScriptTypes`, that it is experimental
const pages: readonly string[] = await filesBelow('web/dist').catch(() => []);
if (!pages.includes('web/dist/index.html')) {
  console.error('There are no pages in web/dist: run `npm run build`, or `vite build web` before this.');
  process.exit(1);
}
const there = await readdir(DIST).catch((): string[] => []);
if (
  there.length > 0 &&
  (there.includes('.git') || !there.includes('src') || !there.includes('package.json'))
) {
  console.error(`${DIST} holds something else than a build: name an empty folder, or a new one.`);
  process.exit(1);
}
await rm(DIST, { recursive: true, force: true });
const sources = [...(await Promise.all(FOLDERS.map(filesBelow))).flat(), ...FILES].sort();
let count = 0;
for (const file of sources) {
  if (BESIDE.test(file)) await copy(file);
  else if (file.endsWith('.ts')) await compile(file);
}
for (const file of pages) if (!file.endsWith('.made-of')) await copy(file);
await writePackage();
checkThatItRuns();
console.log(
  `${path.relative(process.cwd(), DIST)}: ${count} files in ${((Date.now() - startMs) / 1_000).toFixed(1)} s`,
);

async function compile(file: string): Promise<void> {
  const text = stripTypeScriptTypes(await readFile(path.join(ROOT, file), 'utf8'), { mode: 'strip' });
  await put(file.replace(/\.ts$/, '.js'), text.replace(IMPORT, "$1'$2.js'"));
}

async function copy(file: string): Promise<void> {
  await mkdir(path.dirname(path.join(DIST, file)), { recursive: true });
  await copyFile(path.join(ROOT, file), path.join(DIST, file));
  count += 1;
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(DIST, file)), { recursive: true });
  await writeFile(path.join(DIST, file), text);
  count += 1;
}

/** What the programs read of it: their version, and that they are modules. */
async function writePackage(): Promise<void> {
  const { name, version, license } = JSON.parse(
    await readFile(path.join(ROOT, 'package.json'), 'utf8'),
  ) as Record<string, string>;
  const text = JSON.stringify({ name, version, license, private: true, type: 'module' }, null, 2);
  await put('package.json', `${text}\n`);
}

/** A file that an import names and that is not there, or syntax that was not stripped, shows here. */
function checkThatItRuns(): void {
  const { status, stderr } = spawnSync(process.execPath, [path.join(DIST, 'src/cli/main.js'), '--help'], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  process.stderr.write(stderr);
  process.exit(1);
}

/** Paths from the root, with `/`. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}
