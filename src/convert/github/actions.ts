import type { Foreign } from '../foreign.ts';
import type { CacheOut } from '../cache.ts';
import { readCheckoutSetting } from '../checkout.ts';
import type { Out, OutEntry } from '../out.ts';
import { uploadedEntry } from './artifacts.ts';
import { downloadedEntries, type KeptUpload, type Upload } from './download-artifact.ts';
import { readCacheAction, readToolCache, TOOL_CACHE_KEYS } from './cache.ts';
import type { StepExpressions } from './expressions.ts';
import { readTool } from './tools.ts';

/** What an action is for us: an image for the steps after it, nothing, or something that cannot be had. */
export type Action =
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly from: Foreign | null;
      /** Commands that each step begins with. */
      readonly prepare: readonly string[];
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

const IMAGE = ['the image is built by Slipway', 'Write `image:` and `push:`.'] as const;

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  'docker/build-push-action': IMAGE,
  'docker/setup-buildx-action': IMAGE,
  'docker/setup-qemu-action': IMAGE,
  'docker/metadata-action': IMAGE,
  'docker/login-action': ['logins of registries are the server’s', 'Use `slipway registry login`.'],
};

/**
 * Reads `uses` and `with` of a step.
 * @param uploads Of the jobs that its job needs.
 * @param commands What its job runs.
 */
export function readAction(
  step: Foreign,
  uses: Foreign,
  values: Foreign | undefined,
  texts: Pick<StepExpressions, 'word' | 'value'>,
  uploads: readonly Upload[],
  commands: string,
): Action {
  const [name = '', ref = ''] = (uses.text() ?? '').split('@');
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
  const tool = readTool({ name, ref, uses, values }, texts.word, TOOL_CACHE_KEYS, commands);
  if (tool !== null) return { kind: 'image', ...tool, cache: readToolCache(name, values) };
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
