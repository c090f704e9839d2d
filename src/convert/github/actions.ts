import type { Foreign } from '../foreign.ts';
import type { CacheOut } from '../cache.ts';
import { readCheckoutSetting } from '../checkout.ts';
import type { Out, OutEntry } from '../out.ts';
import { own } from '../own.ts';
import { uploadedEntry } from './artifacts.ts';
import { downloadedEntries, type KeptUpload, type Upload } from './download-artifact.ts';
import { readCacheAction, readToolCache, TOOL_CACHE_KEYS } from './cache.ts';
import type { StepExpressions } from './expressions.ts';

/** What an action is for us: an image for the steps after it, nothing, or something that cannot be had. */
export type Action =
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly from: Foreign | null;
      /** What the tool's downloads are cached by; null where nothing is said of that. */
      readonly cache: CacheOut | null;
    }
  | { readonly kind: 'cache'; readonly cache: CacheOut }
  /** Files that are kept, by a step of their own. */
  | {
      readonly kind: 'artifacts';
      readonly entry: OutEntry;
      readonly upload: KeptUpload;
    }
  /** Artifacts of jobs before, that the workflow takes. */
  | { readonly kind: 'takes'; readonly entries: readonly Out[] }
  | { readonly kind: 'done' };

/** Actions that make a tool ready; here the image of the step has it. */
const TOOLS: Readonly<
  Record<string, { readonly image: string; readonly key: string; readonly standard: string }>
> = {
  'actions/setup-node': { image: 'node', key: 'node-version', standard: 'lts' },
  'actions/setup-python': { image: 'python', key: 'python-version', standard: '3' },
  'actions/setup-go': { image: 'golang', key: 'go-version', standard: '1' },
  'actions/setup-java': { image: 'eclipse-temurin', key: 'java-version', standard: '21' },
  'actions/setup-dotnet': { image: 'mcr.microsoft.com/dotnet/sdk', key: 'dotnet-version', standard: '8.0' },
  'ruby/setup-ruby': { image: 'ruby', key: 'ruby-version', standard: '3' },
  'shivammathur/setup-php': { image: 'php', key: 'php-version', standard: '8' },
  'oven-sh/setup-bun': { image: 'oven/bun', key: 'bun-version', standard: '1' },
  'denoland/setup-deno': { image: 'denoland/deno', key: 'deno-version', standard: 'latest' },
  'dtolnay/rust-toolchain': { image: 'rust', key: 'toolchain', standard: '1' },
  'actions-rs/toolchain': { image: 'rust', key: 'toolchain', standard: '1' },
};

const IMAGE = ['the image is built by Slipway', 'Write `image:` and `push:`.'] as const;

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  'docker/build-push-action': IMAGE,
  'docker/setup-buildx-action': IMAGE,
  'docker/setup-qemu-action': IMAGE,
  'docker/metadata-action': IMAGE,
  'docker/login-action': ['logins of registries are the server’s', 'Use `slipway registry set`.'],
};

/**
 * Reads `uses` and `with` of a step.
 * @param uploads Of the jobs that its job needs.
 */
export function readAction(
  step: Foreign,
  uses: Foreign,
  values: Foreign | undefined,
  texts: Pick<StepExpressions, 'word' | 'value'>,
  uploads: readonly Upload[],
): Action {
  const name = (uses.text() ?? '').replace(/@.*$/, '');
  const left = (keys: readonly string[], why: string) => {
    for (const one of values?.kind === 'map' ? values.entries() : [])
      if (!keys.includes(one.key)) one.leaveOut(why, 'Write it in the commands of a step.');
  };
  if (name === 'actions/checkout') {
    for (const one of values?.kind === 'map' ? values.entries() : []) readCheckoutSetting(one);
    return { kind: 'done' };
  }
  if (name === 'actions/upload-artifact') {
    const kept = uploadedEntry(step, values);
    return kept === null ? { kind: 'done' } : { kind: 'artifacts', entry: kept.entry, upload: kept };
  }
  if (name === 'actions/download-artifact')
    return { kind: 'takes', entries: downloadedEntries(step, values, uploads) };
  const tool = own(TOOLS, name);
  if (tool !== undefined) {
    const version = values?.kind === 'map' ? values.get(tool.key) : undefined;
    const cache = readToolCache(name, values);
    left([tool.key, ...TOOL_CACHE_KEYS], 'the image has the tool, and nothing else is set up');
    const written = texts.word(version?.text() ?? '', version ?? uses);
    const isExact = /^(?:\d+(?:\.\d+)*|\$\{\w+\})$/.test(written.replace(/\.x$/, ''));
    if (version !== undefined && !isExact)
      version.changes(
        `an image has an exact version, and \`${tool.standard}\` is taken`,
        'Write the tag of the image that is wanted.',
      );
    return {
      kind: 'image',
      image: `${tool.image}:${isExact ? written.replace(/\.x$/, '') : tool.standard}`,
      from: version ?? uses,
      cache,
    };
  }
  if (/^actions\/cache(?:\/(?:restore|save))?$/.test(name)) {
    const cache = readCacheAction(name, step, values, texts);
    return cache === null ? { kind: 'done' } : { kind: 'cache', cache };
  }
  const base = Object.keys(LEFT_OUT).find((one) => name === one || name.startsWith(`${one}/`));
  const [why, fix] =
    base === undefined
      ? ['actions are not run', 'Write what it does as `commands`.']
      : (LEFT_OUT[base] ?? ['', '']);
  step.leaveOut(`\`${name}\`: ${why}`, fix);
  return { kind: 'done' };
}
