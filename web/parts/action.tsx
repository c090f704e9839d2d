import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api.ts';
import { ErrorBox } from './load.tsx';

interface ActionProps {
  readonly children: ComponentChildren;
  readonly run: () => Promise<unknown>;
  /** With it the button asks first, naming what will happen. */
  readonly confirm?: string;
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  /** What it is called where its text alone does not say it. */
  readonly label?: string;
}

/** A button that does something on the server: once at a time, behind a question where asked for, its refusal shown beside it. */
export function Action({ children, run, confirm, kind = 'plain', label }: ActionProps) {
  const [state, setState] = useState<'idle' | 'asking' | 'busy'>('idle');
  const [error, setError] = useState<ApiError | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const start = (): void => {
    setState('busy');
    setError(null);
    run()
      .catch((reason: unknown) => setError(asApiError(reason)))
      .finally(() => setState('idle'));
  };
  const click = (): void => {
    if (state === 'busy') return;
    if (confirm === undefined) start();
    else setState('asking');
  };
  // The button is another element after the question: the focus goes back to where it was.
  const answered = useRef(false);
  useLayoutEffect(() => {
    if (state !== 'asking' && answered.current) button.current?.focus();
    answered.current = state === 'asking';
  }, [state]);
  return (
    <span class="action">
      {state === 'asking' && confirm !== undefined ? (
        <Question text={confirm} yes={children} onYes={start} onNo={() => setState('idle')} />
      ) : (
        <button
          type="button"
          class={kind}
          ref={button}
          aria-label={label}
          aria-disabled={state === 'busy'}
          onClick={click}
        >
          {children}
        </button>
      )}
      {error !== null && <ErrorBox error={error} />}
    </span>
  );
}

interface QuestionProps {
  readonly text: string;
  readonly yes: ComponentChildren;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

/** Asks before something that cannot be taken back. The focus is on the answer that changes nothing; Escape gives it. */
function Question({ text, yes, onYes, onNo }: QuestionProps) {
  const no = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => no.current?.focus(), []);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onNo();
  };
  return (
    <span class="question" role="alertdialog" aria-label={text} onKeyDown={onKey}>
      <span>{text}</span>
      <button type="button" class="danger" onClick={onYes}>
        Yes, {yes}
      </button>
      <button type="button" ref={no} onClick={onNo}>
        No
      </button>
    </span>
  );
}
