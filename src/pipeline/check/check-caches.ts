import { CACHE_LIMITS } from '../../core/cache.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report } from '../report.ts';
import { checkTemplate } from './check-template.ts';
import type { OwnNames } from './check-template.ts';

/** Keys of caches can be read, name variables that there are, and differ where what is cached does. */
export function checkCaches({ steps }: PipelineSpec, own: OwnNames, report: Report): void {
  for (const { name, cache } of steps) {
    if (cache === null) continue;
    if (cache.length > CACHE_LIMITS.perStep)
      report.add('too_complex', name, { what: 'a step has more caches', limit: CACHE_LIMITS.perStep });
    for (const { key, fallback_keys, policy } of cache) {
      const [unused] = fallback_keys;
      if (policy === 'push' && unused !== undefined) report.add('fallback_unused', unused, {});
      for (const one of fallback_keys) if (one.value !== '') checkTemplate(one, own, report);
      if (key.prefix === null || key.prefix.value === '') continue;
      const template = checkTemplate(key.prefix, own, report);
      const isFixed = template?.every((part) => typeof part === 'string') === true;
      if (isFixed && key.files.length === 0 && policy !== 'pull')
        report.add('cache_key_fixed', key.prefix, { key: key.prefix.value });
    }
  }
}
