import { fixBeside, type EndFix } from '../../src/core/end-fix.ts';
import { Words } from './words.tsx';

/** What to do about an end, to stand below its reason. */
export function Fix({ end }: { end: EndFix & { readonly reason: string | null } }) {
  const fix = fixBeside(end);
  if (fix === null) return null;
  return (
    <span class="row-note">
      <Words text={fix} />
    </span>
  );
}
