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

interface StatusBadgeProps {
  readonly status: Status;
  /** What has it, where the place alone does not say it: an environment. */
  readonly of?: string;
  readonly quiet?: boolean;
}

/** A status by sign, colour and word, so that none of the three is needed alone. */
export function StatusBadge({ status, of, quiet = false }: StatusBadgeProps) {
  const text = of === undefined ? status : `${of} ${status}`;
  return (
    <span class={`status status-${status}`} title={text}>
      <span class="status-sign" aria-hidden="true">
        {SIGNS[status]}
      </span>
      <span class={quiet ? 'visually-hidden' : ''}>{text}</span>
    </span>
  );
}
