import type { Status } from '../../src/core/status.ts';

const SIGNS: Readonly<Record<Status, string>> = {
  pending: '◌',
  running: '◐',
  success: '✓',
  failure: '✕',
  error: '!',
  cancelled: '⊘',
  skipped: '–',
  blocked: '‖',
};

/** A status by sign, colour and word, so that none of the three is needed alone. */
export function StatusBadge({ status, quiet = false }: { status: Status; quiet?: boolean }) {
  return (
    <span class={`status status-${status}`} title={status}>
      <span class="status-sign" aria-hidden="true">
        {SIGNS[status]}
      </span>
      <span class={quiet ? 'visually-hidden' : ''}>{status}</span>
    </span>
  );
}
