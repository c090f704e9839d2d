/** What BuildKit's plain progress says beside the output of the commands. */
export interface BuildProgress {
  /** Takes one line, without its newline; false: noise, not for the log. */
  readLine(line: string): boolean;
  /** Steps of the Dockerfile so far, those of base images included. */
  readonly totalSteps: number;
  readonly cachedSteps: number;
  /** The last lines that belong to no step: where the client says why it failed. */
  readonly closingLines: readonly string[];
}

const CLOSING_LINES = 20;

/**
 * Reads `--progress=plain` as BuildKit writes it since 0.7: `#5 [stage 2/3] RUN …` names a step, `#5 CACHED` says
 * that it was not run; `#5 sha256:…` (a step's digest, older clients) is noise.
 */
export function readBuildProgress(): BuildProgress {
  const steps = new Map<string, 'run' | 'cached'>();
  let closing: string[] = [];
  return {
    readLine: (line) => {
      const [, id, text] = /^#(\d+) (.*)$/.exec(line) ?? [];
      if (id === undefined || text === undefined) {
        if (line.trim() !== '') closing = [...closing, line].slice(-CLOSING_LINES);
        return true;
      }
      if (isStepName(text)) steps.set(id, steps.get(id) ?? 'run');
      if (text === 'CACHED' && steps.has(id)) steps.set(id, 'cached');
      return !/^sha256:[0-9a-f]{64}$/.test(text);
    },
    get totalSteps() {
      return steps.size;
    },
    get cachedSteps() {
      return [...steps.values()].filter((state) => state === 'cached').length;
    },
    get closingLines() {
      return closing;
    },
  };
}

/** `[2/3] RUN …` or `[stage 2/3] RUN …`; BuildKit's own are `[internal] …`. */
function isStepName(text: string): boolean {
  return /^\[(?:[^\]]+ )?\d+\/\d+\] /.test(text);
}
