/** Exit status of a program that a broken pipe has ended: 128 and the number of SIGPIPE, which Node ignores. */
const UNREAD = 141;

/**
 * Ends the command without a word when who reads its output has gone, as `slipway logs … | head` does: at once, or, where
 * the command ends by itself on a SIGTERM, since it has something to take away, in that way.
 */
export function endWhenUnread(): void {
  let isEnding = false;
  const end = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    if (isEnding) return;
    isEnding = true;
    if (!process.emit('SIGTERM')) process.exit(UNREAD);
  };
  process.stdout.on('error', end);
  process.stderr.on('error', end);
}
