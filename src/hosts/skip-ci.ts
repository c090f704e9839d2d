const MARK = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip|skip slipway|slipway skip)\]/i;
const TRAILER = /^skip-checks:\s*true\s*$/im;

/**
 * The words in a commit message or a pull request's title that ask for no build, as written; null when there
 * are none. The marks are those that GitHub documents ("Skipping workflow runs"), its `skip-checks` trailer,
 * and our own name.
 */
export function findSkipMark(text: string): string | null {
  return (MARK.exec(text) ?? TRAILER.exec(text))?.[0].trim() ?? null;
}
