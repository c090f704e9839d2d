import { badOutcome, ENGINE_LOST, type Outcome } from '../outcome.ts';

/** What went wrong around the Dockerfile, in the words of BuildKit, its client and the engine. */
const NOT_THE_DOCKERFILES = [
  /cannot connect to the docker daemon/i,
  /failed to dial grpc/i,
  /error reading from server|transport is closing|code = Unavailable|connection reset by peer/i,
  /no space left on device/i,
  /failed to do request|failed to fetch oauth token|TLS handshake|i\/o timeout/i,
  /buildx component is missing/i,
];

/** What the client says when the engine goes away in the midst of a build; the addresses and paths in it help nobody. */
const ENGINE_WENT = /error during connect|server did not provide an image ID/i;

/** BuildKit takes the image that it is to make from an earlier build, and the engine removes that one meanwhile. */
const WENT_MEANWHILE = /failed to get digest sha256:\w+: open .*: no such file or directory/;

/** Frames, lines of the Dockerfile, and what the command put out, by its second: that may be a secret, and is in the log. */
const NO_REASON = /^(-+|\s*>|\s|Dockerfile:|\d+\.\d+ )/;

/** The same image was made before and went away while it was made again: there is nothing wrong with trying again. */
export const TAKEN_AWAY: Outcome = badOutcome('image_taken_away');

/**
 * What a build that failed means, from the lines that the client closed with: `error` when engine, network or disk
 * failed, else `failure`, with the exit code of the command where one ended the build.
 */
export function explainBuildFailure(closingLines: readonly string[]): Outcome {
  const text = closingLines.join('\n');
  if (ENGINE_WENT.test(text)) return ENGINE_LOST;
  if (WENT_MEANWHILE.test(text)) return TAKEN_AWAY;
  const last = closingLines.findLast((line) => !NO_REASON.test(line)) ?? 'The build failed.';
  const cause = last
    .replace(/^(ERROR|error): /, '')
    .replace(/failed to solve( with frontend [\w.]+)?: /, '')
    .replace(/failed to create LLB definition: /, '')
    .slice(0, 500);
  const exitCode = /exit code: (\d+)/.exec(cause)?.[1];
  const isDockerfiles = !NOT_THE_DOCKERFILES.some((pattern) => pattern.test(text));
  return badOutcome(
    isDockerfiles ? 'dockerfile_failed' : 'image_build_broken',
    { cause },
    exitCode === undefined ? null : Number(exitCode),
  );
}
