/** A piece of a text: as it is, or as code. */
export interface Span {
  readonly kind: 'plain' | 'code';
  readonly text: string;
}

/** The text in pieces, without the backticks around its code; one that has no partner stays. */
export function spansOf(text: string): readonly Span[] {
  const pieces = text.split(/`([^`\n]+)`/);
  return pieces
    .map((piece, at): Span => ({ kind: at % 2 === 1 ? 'code' : 'plain', text: piece }))
    .filter((span) => span.text !== '');
}
