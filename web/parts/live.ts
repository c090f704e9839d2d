import { useEffect, useRef } from 'preact/hooks';
import type { StreamMessage } from '../../src/core/views/stream-message.ts';
import { openStream, type Subscription } from '../stream.ts';

interface Listener {
  readonly onMessage: (message: StreamMessage) => void;
  /** After a break, for what the server does not send anew: entries of a list that are not among its newest. */
  readonly onAgain?: () => void;
}

/** Hears the stream while the page shows what it subscribes to; null: nothing yet. */
export function useStream(subscription: Subscription | null, listener: Listener): void {
  const current = useRef(listener);
  current.current = listener;
  const key = subscription === null ? null : JSON.stringify(subscription);
  useEffect(() => {
    if (key === null) return undefined;
    let isBroken = false;
    return openStream(
      JSON.parse(key) as Subscription,
      (message) => current.current.onMessage(message),
      (connected) => {
        if (connected && isBroken) current.current.onAgain?.();
        isBroken = !connected;
      },
    );
  }, [key]);
}

/** Calls `act` once things have been quiet for half a second after the last call of what it returns. */
export function useQuietly(act: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(act, 500);
  };
}
