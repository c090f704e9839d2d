/** The text of the line that the keyboard is at: what its link is described by. */
const CURRENT_ID = 'log-current-line';

/** The link of a row, which carries the focus for its line. */
export function linkOf(row: HTMLElement): HTMLAnchorElement | null {
  return row.querySelector('a.log-number');
}

/** Makes the row's link the one that Tab reaches, described by its text; or takes that back. */
export function markCurrent(row: HTMLElement, isCurrent: boolean): void {
  const link = linkOf(row);
  if (link === null || (link.tabIndex === 0) === isCurrent) return;
  link.tabIndex = isCurrent ? 0 : -1;
  const text = row.querySelector('.log-text');
  if (isCurrent) {
    link.setAttribute('aria-describedby', CURRENT_ID);
    text?.setAttribute('id', CURRENT_ID);
  } else {
    link.removeAttribute('aria-describedby');
    text?.removeAttribute('id');
  }
}
