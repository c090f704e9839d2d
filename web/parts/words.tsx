import { Fragment } from 'preact';
import { spansOf } from '../spans.ts';

/** A text of the server, with what stands between backticks as code. */
export function Words({ text }: { text: string }) {
  return (
    <>
      {spansOf(text).map(({ kind, text: part }, at) =>
        kind === 'code' ? <code key={at}>{part}</code> : <Fragment key={at}>{part}</Fragment>,
      )}
    </>
  );
}
