import { cachePath } from '../../pipeline/format/paths.ts';
import { keyFiles, keyText, pathOut } from '../cache.ts';
import type { CacheOut } from '../cache.ts';
import type { Foreign } from '../foreign.ts';
import { own } from '../own.ts';
import type { StepExpressions } from './expressions.ts';

/** Where package managers keep their downloads in an image whose user is root, and the files that say what those are. */
const MANAGERS: Readonly<
  Record<
    string,
    Readonly<Record<string, { readonly paths: readonly string[]; readonly files: readonly string[] }>>
  >
> = {
  'actions/setup-node': {
    npm: { paths: ['/root/.npm'], files: ['package-lock.json', 'npm-shrinkwrap.json'] },
    yarn: { paths: ['/usr/local/share/.cache/yarn'], files: ['yarn.lock'] },
    pnpm: { paths: ['/root/.local/share/pnpm/store'], files: ['pnpm-lock.yaml'] },
  },
  'actions/setup-python': {
    pip: { paths: ['/root/.cache/pip'], files: ['**/requirements.txt', '**/pyproject.toml'] },
    pipenv: { paths: ['/root/.local/share/virtualenvs'], files: ['**/Pipfile.lock'] },
    poetry: { paths: ['/root/.cache/pypoetry'], files: ['**/poetry.lock'] },
  },
  'actions/setup-java': {
    maven: { paths: ['/root/.m2/repository'], files: ['**/pom.xml'] },
    gradle: {
      paths: ['/root/.gradle/caches', '/root/.gradle/wrapper'],
      files: ['**/*.gradle*', '**/gradle-wrapper.properties'],
    },
  },
  'actions/setup-go': {
    true: { paths: ['/go/pkg/mod', '/root/.cache/go-build'], files: ['go.sum'] },
  },
};

export const TOOL_CACHE_KEYS: readonly string[] = ['cache', 'cache-dependency-path'];

/** The `cache` of an action that sets a tool up; null where it asks for none. */
export function readToolCache(action: string, values: Foreign | undefined): CacheOut | null {
  const cache = values?.kind === 'map' ? values.get('cache') : undefined;
  const dependencies = values?.kind === 'map' ? values.get('cache-dependency-path') : undefined;
  const said = cache?.text() ?? '';
  const written = linesOf(dependencies);
  if (cache === undefined || said === '' || said === 'false') return null;
  const manager = own(own(MANAGERS, action) ?? {}, said);
  if (manager === undefined) {
    cache.leaveOut(
      'it is not known where that keeps its downloads',
      'Write `cache` on the step that fills it.',
    );
    return null;
  }
  const name = said === 'true' ? 'go' : said;
  const files = dependencies === undefined ? [] : filesOf(written, dependencies);
  return {
    from: cache,
    paths: manager.paths,
    key: { prefix: name, files: files.length > 0 ? files : manager.files },
    fallbackKeys: [`${name}-`],
    policy: null,
  };
}

/** `actions/cache`, and its halves. */
export function readCacheAction(
  action: string,
  step: Foreign,
  values: Foreign | undefined,
  texts: Pick<StepExpressions, 'value'>,
): CacheOut | null {
  if (values?.kind !== 'map') {
    step.leaveOut('it names no path', 'Write `cache` on the step that fills it.');
    return null;
  }
  for (const key of ['fail-on-cache-miss', 'lookup-only'])
    values.get(key)?.leaveOut('no step fails or waits for a cache', 'Look for the files in the commands.');
  for (const key of ['enableCrossOsArchive', 'upload-chunk-size', 'save-always'])
    values.get(key)?.leaveOut('workers keep caches of Linux, of steps that succeeded', 'Remove it.');
  const [path, key, restore] = ['path', 'key', 'restore-keys'].map((one) => values.get(one));
  const paths = path === undefined ? [] : linesOf(path).flatMap((one) => pathOf(one, path) ?? []);
  const fallbackKeys =
    restore === undefined ? [] : linesOf(restore).map((one) => keyText(textOf(one, restore, texts), restore));
  const made = key === undefined ? null : keyOf(key, texts);
  if (made === null || paths.length === 0) {
    step.leaveOut(
      'it has no key, or no path that a cache may have',
      'Write `cache` on the step that fills it.',
    );
    return null;
  }
  step.changes(
    'it belongs to the next step, and is saved after that',
    'Move `cache` to the step that fills it.',
  );
  const policy = action.endsWith('/restore') ? 'pull' : action.endsWith('/save') ? 'push' : null;
  return { from: step, paths, key: made, fallbackKeys: fallbackKeys.filter((one) => one !== ''), policy };
}

const HASH = /\$\{\{\s*hashFiles\(((?:\s*'[^']*'\s*,)*\s*'[^']*'\s*)\)\s*\}\}/g;

/** Hashes of files end a key here, wherever they stand in it. */
function keyOf(key: Foreign, texts: Pick<StepExpressions, 'value'>): CacheOut['key'] | null {
  const written = (key.text() ?? '').trim();
  const names = [...written.matchAll(HASH)].flatMap(([, all = '']) =>
    [...all.matchAll(/'([^']*)'/g)].map(([, name = '']) => name),
  );
  const files = filesOf(names, key);
  const without = textOf(written.replace(HASH, ''), key, texts);
  const rest = keyText(without.replace(/-{2,}/g, '-').replace(/^-|-$/g, ''), key);
  if (files.length === 0) return rest === '' ? null : { text: rest };
  const isLast = /\}\}$/.test(written) && (written.match(HASH)?.length ?? 0) === 1;
  if (!isLast) key.changes('a key ends with one hash of all its files', 'Write `key` as it is wanted.');
  return { prefix: rest, files };
}

/** Patterns are those of the checkout, which a runner has in a folder that is named twice for the repository. */
function filesOf(patterns: readonly string[], at: Foreign): readonly string[] {
  const inCheckout = (one: string) =>
    one.trim().replace(/^(?:\/home\/runner\/work|\/__w)\/([^/]+)\/\1\//, '');
  return keyFiles(patterns.map(inCheckout), at);
}

function textOf(written: string, at: Foreign, texts: Pick<StepExpressions, 'value'>): string {
  const value = texts.value(written, at);
  return value.kind === 'text' ? value.value : '';
}

function pathOf(written: string, at: Foreign): string | null {
  const inWorkspace = written.replace(/^\$\{\{\s*github\.workspace\s*\}\}\/?/, './');
  // What is excluded, or found by an expression, is said once for the key of the action.
  if (!/^!|\$\{\{/.test(inWorkspace) && (cachePath.parse(inWorkspace) !== null || /^[~$]/.test(inWorkspace)))
    return pathOut(inWorkspace, at);
  at.changes(
    `\`${written.slice(0, 60)}\` is no path that a cache may have, and left out`,
    'Write folders from where the commands start, or absolute ones, without `**`.',
  );
  return null;
}

function linesOf(value: Foreign | undefined): readonly string[] {
  return (value?.text() ?? '')
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
