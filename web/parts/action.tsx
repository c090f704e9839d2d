import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api.ts';
import { ErrorBox } from './load.tsx';

interface ActionProps {
  readonly children: ComponentChildren;
  readonly run: () => Promise<unknown>;
  /** With it the button asks first, naming what will happen. */
  readonly confirm?: string;
  readonly kind?: 'plain' | 'primary' | 'danger';
  readonly disabled?: boolean;
}

/** A button that does something on the server: once at a time, behind a question where asked for, its refusal shown beside it. */
export function Action({ children, run, confirm, kind = 'plain', disabled = false }: ActionProps) {
  const [state, setState] = useState<'idle' | 'asking' | 'busy'>('idle');
  const [error, setError] = useState<ApiError | null>(null);
  const start = (): void => {
    setState('busy');
    setError(null);
    run()
      .catch((reason: unknown) => setError(reason instanceof ApiError ? reason : null))
      .finally(() => setState('idle'));
  };
  return (
    <span class="action">
      {state === 'asking' ? (
        <span class="question" role="alertdialog" aria-label={confirm}>
          <span>{confirm}</span>
          <button type="button" class="danger" onClick={start} ref={(button) => button?.focus()}>
            Yes, {children}
          </button>
          <button type="button" onClick={() => setState('idle')}>
            No
          </button>
        </span>
      ) : (
        <button
          type="button"
          class={kind}
          disabled={disabled || state === 'busy'}
          onClick={() => (confirm === undefined ? start() : setState('asking'))}
        >
          {children}
        </button>
      )}
      {error !== null && <ErrorBox error={error} />}
    </span>
  );
}
