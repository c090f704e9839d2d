import type { NoticeView } from '../../src/core/views/build-view.ts';
import { Words } from './words.tsx';

/** What went wrong beside the build, which it does not change: what its Git host was not told, and why. */
export function Notices({ notices }: { notices: readonly NoticeView[] }) {
  if (notices.length === 0) return null;
  return (
    <section class="box box-warning" aria-label="Commit statuses">
      <ul class="problems">
        {notices.map((notice) => (
          <li key={notice.text}>
            <strong>{notice.about.join(', ')}: the Git host was not told</strong>
            <span class="row-note">
              <Words text={notice.text} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
