import { cacheEntry, keyFiles, keyText, pathOut } from '../cache.ts';
import type { CacheOut } from '../cache.ts';
import type { Foreign } from '../foreign.ts';
import type { OutEntry } from '../out.ts';
import type { JobText } from './variables.ts';

/** The caches of a job, one or a list of them. */
export function readCaches(cache: Foreign | undefined, texts: JobText): OutEntry | null {
  return cacheEntry((cache?.oneOrMore() ?? []).flatMap((one) => readCache(one, texts) ?? []));
}

function readCache(cache: Foreign, texts: JobText): CacheOut | null {
  if (cache.kind !== 'map' || cache.entries().length === 0) return null;
  cache.get('untracked')?.leaveOut('a cache names its paths', 'Write them.');
  cache
    .get('unprotect')
    ?.leaveOut('each branch saves apart, and reads what the default branch has saved', 'Remove it.');
  const when = cache.get('when');
  if ((when?.text() ?? 'on_success') === 'on_success')
    when?.needs('a cache is saved when its step succeeded');
  else when?.leaveOut('a cache is saved when its step succeeded', 'Remove it.');
  const paths = (cache.get('paths')?.oneOrMore() ?? []).flatMap((one) => pathOf(one, texts) ?? []);
  const fallbacks = (cache.get('fallback_keys')?.oneOrMore() ?? []).map((one) =>
    keyText(texts.key(one.text() ?? '', one), one),
  );
  const policy = policyOf(cache.get('policy'));
  const key = keyOf(cache.get('key'), texts);
  if (paths.length === 0) {
    cache.leaveOut('it has no path that a cache may have', 'Write `paths`.');
    return null;
  }
  const ended = fallbacks.filter((one) => one !== '').map((one) => `${one}-`);
  return 'files' in key
    ? { from: cache, paths, key, fallbackKeys: ended, policy }
    : {
        ...{ from: cache, paths, policy },
        // GitLab writes it again after each job; here it ends with the commit, and the newest is restored.
        key: { text: `${key.text}-\${CI_COMMIT_SHA}` },
        fallbackKeys: [`${key.text}-`, ...ended],
      };
}

function keyOf(key: Foreign | undefined, texts: JobText): CacheOut['key'] {
  if (key?.kind !== 'map') {
    const written = key === undefined ? '' : keyText(texts.key(key.text() ?? '', key), key);
    return { text: written === '' ? 'default' : written };
  }
  const prefix = key.get('prefix');
  key.get('files_commits')?.leaveOut('a key is of what is in files', 'Write `files`.');
  const files = (key.get('files')?.oneOrMore() ?? []).flatMap((one) =>
    keyFiles([texts.word(one.text() ?? '', one)], one),
  );
  const before = prefix === undefined ? '' : keyText(texts.key(prefix.text() ?? '', prefix), prefix);
  return files.length === 0 ? { text: before === '' ? 'default' : before } : { prefix: before, files };
}

function pathOf(path: Foreign, texts: JobText): string | null {
  const inProject = (one: string) => one.replace(/^\$\{?CI_PROJECT_DIR\}?(?:\/|$)/, './');
  const written = inProject(path.text() ?? '');
  return pathOut(written.includes('$') ? inProject(texts.path(written)) : written, path);
}

function policyOf(policy: Foreign | undefined): CacheOut['policy'] {
  const said = policy?.text() ?? 'pull-push';
  if (said === 'pull' || said === 'push') return said;
  if (said !== 'pull-push')
    policy?.changes('a policy does not depend on a variable, and it is `pull-push`', 'Write one of them.');
  return null;
}
